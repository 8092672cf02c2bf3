//! A server that runs in this process, and a client.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use gto::{Environment, Timestamp};
use gto_server::{Arguments, Server, Settings};
use gto_testkit::{Repo, Sandbox, TagSpec};
use ureq::http::{Request, Response};

/// A server; it ends with the value.
pub struct Running {
    pub url: String,
    /// The address that is printed.
    pub open: String,
    pub token: String,
    end: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server ends without a panic");
        }
    }
}

/// What the server sees of the sandbox.
pub fn environment(sandbox: &Sandbox) -> Environment {
    let variables =
        sandbox.environment().map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_owned()));
    let clock = || {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        Timestamp::new(i64::try_from(now).unwrap(), 0).unwrap()
    };
    Environment::with_clock(variables.collect::<Vec<_>>(), clock)
}

/// Serves these repositories.
pub fn serve_with(sandbox: &Sandbox, repositories: &[&Path], change: impl FnOnce(&mut Arguments)) -> Running {
    let mut arguments = Arguments {
        repositories: repositories.iter().map(|path| path.display().to_string()).collect(),
        listen: Some("127.0.0.1:0".to_owned()),
        ..Arguments::default()
    };
    change(&mut arguments);
    let settings = Settings::new(arguments, sandbox.path()).unwrap();
    let server = Server::bind(settings, &environment(sandbox)).unwrap();
    let (url, open) = (server.url(), server.open_url());
    let token = server.token().unwrap_or_default().to_owned();
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let (ready, is_ready) = sync_channel(1);
    let thread = std::thread::spawn(move || {
        ready.send(()).unwrap();
        server
            .run(async {
                let _ = ended.await;
            })
            .unwrap();
    });
    is_ready.recv().unwrap();
    Running { url, open, token, end: Some(end), thread: Some(thread) }
}

/// Serves one repository.
pub fn serve(repo: &Repo) -> Running {
    serve_with(repo.sandbox(), &[repo.path()], |_| {})
}

/// An answer.
pub struct Answer {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.body);
        self
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The text of a page, without markup.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut is_markup = false;
        for c in self.body.chars() {
            match c {
                '<' => is_markup = true,
                '>' => {
                    is_markup = false;
                    text.push(' ');
                }
                c if !is_markup => text.push(c),
                _ => {}
            }
        }
        for (entity, c) in [("&#39;", "'"), ("&#34;", "\""), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")] {
            text = text.replace(entity, c);
        }
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl Running {
    /// Asks with these headers, and nothing else.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request =
            Request::builder().method(method).uri(format!("{}{}", self.url.trim_end_matches('/'), path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .into();
        let response: Response<ureq::Body> = agent.run(request.body(body).unwrap()).unwrap();
        let (parts, mut body) = response.into_parts();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body: body.read_to_string().unwrap() }
    }

    /// Asks with the token.
    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[("authorization", &format!("Bearer {}", self.token))], "")
    }

    /// The lines of the stream of changes, for one who saw this last.
    pub fn stream(&self, last: Option<&str>) -> impl Iterator<Item = String> + use<> {
        let address = self.url.trim_start_matches("http://").trim_end_matches('/');
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let last = last.map(|last| format!("Last-Event-ID: {last}\r\n")).unwrap_or_default();
        write!(
            stream,
            "GET /api/v1/events/stream HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n{last}\r\n",
            self.token
        )
        .unwrap();
        BufReader::new(stream).lines().map(Result::unwrap)
    }

    /// Asks again until it is as wanted.
    pub fn wait_for(&self, path: &str, is_there: impl Fn(&Answer) -> bool) -> Duration {
        let start = Instant::now();
        loop {
            let answer = self.get(path);
            if is_there(&answer) {
                return start.elapsed();
            }
            assert!(start.elapsed() < Duration::from_secs(60), "{}", answer.text());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A repository with a history worth seeing.
pub fn example() -> Repo {
    let repo = Repo::new();
    repo.commit(
        &[(
            "nlp/dvc.yaml",
            "artifacts:\n  churn:\n    type: model\n    path: model.bin\n    labels: [tabular]\n    desc: Who will leave\n",
        )],
        "Train the first model",
    );
    repo.tag("nlp=churn@v1.0.0", "HEAD", &TagSpec::default());
    repo.tag("nlp=churn#prod#1", "HEAD", &TagSpec::default());
    repo.commit(&[("nlp/model.bin", "2")], "Train it on the data of spring");
    repo.tag("nlp=churn@v1.1.0", "HEAD", &TagSpec::default().by("Grace", "grace@example.com"));
    repo.tag("nlp=churn#prod#2", "HEAD", &TagSpec::default());
    repo.tag("nlp=churn#dev#3", "HEAD", &TagSpec::default());
    repo.tag("nlp=churn#prod#4", "HEAD~1", &TagSpec::default().message("v1.1.0 was slow"));
    repo.tag("data@v0.1.0", "HEAD", &TagSpec::default());
    repo
}
