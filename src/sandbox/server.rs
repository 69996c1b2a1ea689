//! One listener for everything: pages, Bot API, gateway, mall and control paths.
//!
//! Connections are served by hyper itself, because an imitated fault must be able to close one
//! without a byte of an answer, and because the first line of a request is read more leniently than
//! the standard asks: official clients put raw quotation marks into the gateway's query.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use axum::http::Uri;
use axum::http::header;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::ReadBuf;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::fault::CloseConnection;
use super::gateway;

/// How long requests at work may go on once the sandbox ends; delayed answers are not waited for.
const LAST_ANSWERS: Duration = Duration::from_millis(500);

/// Pause after a failed accept, which is a lack of file handles more often than not.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves connections until stopped; each runs as a tracked task.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    tasks: TaskTracker,
    stop: CancellationToken,
) {
    loop {
        // Losing either future loses nothing: an unaccepted connection stays in the queue.
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                tasks.spawn(connection(stream, router.clone(), stop.clone()));
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the sandbox could not accept a connection"
                );
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, router: Router, stop: CancellationToken) {
    // An answer in two writes must not wait for an acknowledgement; failing only makes it slower.
    drop(stream.set_nodelay(true));
    let inner = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        lead_upgrades_to_gateway(&mut request);
        let answer = inner.call(request);
        async move {
            let Ok(response): Result<Response, Infallible> = answer.await;
            if response.extensions().get::<CloseConnection>().is_some() {
                return Err(io::Error::from(io::ErrorKind::ConnectionAborted));
            }
            Ok(response)
        }
    });
    let io = TokioIo::new(Lenient {
        stream,
        in_first_line: true,
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(io, service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            match timeout(LAST_ANSWERS, connection).await {
                Ok(ended) => ended,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = ended {
        // Imitated drops and clients that hang up end here; neither is a fault of the sandbox.
        tracing::debug!(
            error = &error as &dyn std::error::Error,
            "a connection to the sandbox ended early"
        );
    }
}

/// The gateway answers on `/` too, which otherwise is the chat page.
fn lead_upgrades_to_gateway<B>(request: &mut Request<B>) {
    if request.uri().path() != "/" || !request.headers().contains_key(header::UPGRADE) {
        return;
    }
    let path = match request.uri().query() {
        Some(query) => format!("{}?{query}", gateway::PATH),
        None => gateway::PATH.to_owned(),
    };
    if let Ok(uri) = path.parse::<Uri>() {
        *request.uri_mut() = uri;
    }
}

/// A stream whose first line, the request's, is rid of bytes the standard forbids in an address.
struct Lenient {
    stream: TcpStream,
    in_first_line: bool,
}

impl AsyncRead for Lenient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if self.in_first_line {
            self.in_first_line = !mend(&mut buffer.filled_mut()[before..]);
        }
        polled
    }
}

/// Replaces what is not allowed by something harmless of equal length; true at the line's end.
fn mend(bytes: &mut [u8]) -> bool {
    for byte in bytes {
        match *byte {
            b'\n' => return true,
            b'"' | b'<' | b'>' => *byte = b'\'',
            _ => {}
        }
    }
    false
}

impl AsyncWrite for Lenient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }
}
