//! `minitwit-tools yardstick`: a bare actix-web server, with the framework's defaults. What this machine does when a
//! request costs nothing.

use std::process::ExitCode;

use actix_web::{
    App, HttpResponse, HttpServer,
    rt::System,
    web::{self, Bytes},
};
use clap::Args;

/// Arguments of `yardstick`.
#[derive(Args)]
pub struct YardstickArguments {
    /// Where to listen, on 127.0.0.1.
    #[arg(long)]
    port: u16,
    /// Bytes of the answer to a GET.
    #[arg(long, value_name = "N", default_value_t = 0)]
    bytes: usize,
    /// Threads that serve.
    #[arg(long, value_name = "N", default_value_t = 2)]
    workers: usize,
}

/// Serves until Ctrl-C.
pub fn run(arguments: &YardstickArguments) -> anyhow::Result<ExitCode> {
    let page = Bytes::from("x".repeat(arguments.bytes));
    System::new().block_on(async {
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
    })?;
    Ok(ExitCode::SUCCESS)
}
