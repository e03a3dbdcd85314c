//! A bare actix-web server: what this machine does when a request costs nothing. `scripts/bench`
//! holds Minitwit against it.
//!
//! GET of any path answers so many fixed bytes, POST of any path 204. No middleware, no log, no
//! database; the framework's defaults.

use actix_web::{
    App, HttpResponse, HttpServer,
    web::{self, Bytes},
};
use clap::Parser;

/// Answers everything at once.
#[derive(Parser)]
struct Arguments {
    /// Where to listen, on 127.0.0.1.
    #[arg(long)]
    port: u16,
    /// Bytes of the answer to a GET.
    #[arg(long, default_value_t = 0)]
    bytes: usize,
    /// Threads that serve.
    #[arg(long, default_value_t = 2)]
    workers: usize,
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    let page = Bytes::from("x".repeat(arguments.bytes));
    HttpServer::new(move || {
        let page = page.clone();
        let get = web::get().to(move || {
            let page = page.clone();
            async move { HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page) }
        });
        // The body is read, or the connection could not be kept.
        let post = web::post().to(|_: Bytes| async { HttpResponse::NoContent().finish() });
        App::new().service(web::resource("/{path:.*}").route(get).route(post))
    })
    .workers(arguments.workers)
    .bind(("127.0.0.1", arguments.port))?
    .run()
    .await
}
