//! Those who are told: a web server in the place of Slack, Discord, a webhook and a heartbeat service, and a
//! mail server. They take everything and keep it.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// What came, and where to: a path, or `mail`.
pub type Post = Arc<Mutex<Vec<(String, String)>>>;

/// Takes whatever is posted over HTTP.
pub async fn take_requests(listener: TcpListener, post: Post) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let post = Arc::clone(&post);
        tokio::spawn(async move {
            let mut stream = BufReader::new(stream);
            while let Some((path, body)) = read_request(&mut stream).await {
                post.lock().unwrap().push((path, body));
                stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
            }
        });
    }
}

/// The path and the body of the next request.
async fn read_request(stream: &mut BufReader<TcpStream>) -> Option<(String, String)> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            break;
        }
        lines.push(line);
    }
    let length = lines.iter().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    Some((lines[0].split(' ').nth(1)?.to_owned(), String::from_utf8(body).ok()?))
}

/// A mail server that takes everything.
pub async fn take_mails(listener: TcpListener, post: Post) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let post = Arc::clone(&post);
        tokio::spawn(async move {
            let mut stream = BufReader::new(stream);
            stream.get_mut().write_all(b"220 here\r\n").await.unwrap();
            let (mut mail, mut is_text) = (String::new(), false);
            let mut line = String::new();
            while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                mail.push_str(&line);
                let answer = match line.trim_end() {
                    "." => {
                        is_text = false;
                        post.lock().unwrap().push(("mail".to_owned(), mail.clone()));
                        "250 taken\r\n"
                    }
                    _ if is_text => "",
                    "DATA" => {
                        is_text = true;
                        "354 go on\r\n"
                    }
                    "QUIT" => "221 bye\r\n",
                    _ => "250 fine\r\n",
                };
                if stream.get_mut().write_all(answer.as_bytes()).await.is_err() {
                    break;
                }
                line.clear();
            }
        });
    }
}
