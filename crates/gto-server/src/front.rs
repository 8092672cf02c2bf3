//! What every request meets first, and what every answer passes last.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;

use crate::api::cache;
use crate::app::App;
use crate::auth::layer;

/// Answers requests: with what is kept, or by way of the router.
#[derive(Clone)]
pub struct Front {
    app: App,
    router: TowerToHyperService<Router>,
}

impl Front {
    /// Before this router.
    pub fn new(app: App, router: Router) -> Self {
        Self { app, router: TowerToHyperService::new(router) }
    }

    /// The answer to a request of this peer.
    pub async fn answer(
        &self,
        mut request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Result<Response, Infallible> {
        let mut response = if let Some(kept) = cache::kept(&self.app, &request, peer.ip()) {
            kept
        } else {
            request.extensions_mut().insert(ConnectInfo(peer));
            self.router.call(request.map(Body::new)).await?
        };
        self.app.counts.add(response.status());
        layer::harden(response.headers_mut());
        Ok(response)
    }
}
