//! Another site, with pages that make a browser go to ours.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};

/// It serves until it is dropped.
pub struct Elsewhere {
    address: SocketAddr,
    server: AbortHandle,
}

impl Elsewhere {
    /// Starts it, with designs on the site at `victim`.
    pub async fn start(victim: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let victim = victim.to_owned();
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let victim = victim.clone();
                // A browser may open a connection and say nothing: nobody waits for it.
                tokio::spawn(async move { answer(stream, &victim).await });
            }
        });
        Self { address, server: server.abort_handle() }
    }

    /// The page that uses `way` to bring a browser to `path` of the victim.
    pub fn page(&self, way: &str, path: &str) -> String {
        format!("http://evil.test:{}/{way}{path}", self.address.port())
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(mut stream: TcpStream, victim: &str) {
    let mut request = vec![0; 8192];
    let length = stream.read(&mut request).await.unwrap_or(0);
    let head = String::from_utf8_lossy(&request[..length]).into_owned();
    let Some(target) = head.split(' ').nth(1).and_then(|target| target.strip_prefix('/')) else { return };
    let (way, path) = target.split_once('/').unwrap_or((target, ""));
    let goal = format!("{victim}/{path}");
    let page = match way {
        "link" => format!("<a href='{goal}'>Kittens</a>"),
        "refresh" => format!("<meta http-equiv=refresh content='0;url={goal}'>"),
        "location" => format!("<script>location = '{goal}'</script>"),
        "silent" => format!("<meta name=referrer content=no-referrer><script>location.replace('{goal}')</script>"),
        "window" => format!("<script>window.open('{goal}')</script>"),
        "image" => format!("<img src='{goal}'><iframe src='{goal}'></iframe><link rel=stylesheet href='{goal}'>"),
        "get" => format!("<form action='{goal}'></form><script>document.forms[0].submit()</script>"),
        "post" => format!("<form action='{goal}' method=post></form><script>document.forms[0].submit()</script>"),
        "detour" => format!("<script>location = '/redirect/{path}'</script>"),
        _ => String::new(),
    };
    let status = if way == "redirect" { format!("302 Found\r\nlocation: {goal}") } else { "200 OK".to_owned() };
    let length = page.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{page}"
    );
    stream.write_all(answer.as_bytes()).await.ok();
}
