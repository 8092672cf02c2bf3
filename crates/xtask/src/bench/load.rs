//! Servers to put under load, and the clients that do: what an answer costs the server's processes, and how long it takes.
//!
//! Processor time per answer is what a machine with other work still measures. Knows no server by name.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;

/// So many clients ask at the same time, each over one connection.
const CLIENTS: usize = 8;
/// A server that does not answer after that does not start.
const LONGEST_START: Duration = Duration::from_secs(180);
/// Linux counts processor time in these, whatever the kernel's own.
const TICKS: f64 = 100.0;

/// A server on this machine. Ends with the value.
pub struct Running {
    process: Child,
    pub port: u16,
}

impl Drop for Running {
    fn drop(&mut self) {
        for pid in tree(self.process.id()).into_iter().rev() {
            let _ = Command::new("kill").arg(pid.to_string()).stderr(Stdio::null()).status();
        }
        let _ = self.process.wait();
    }
}

/// What a load showed.
pub struct Load {
    /// Microseconds of processor time per answer.
    pub cpu: f64,
    /// Milliseconds within which 99 of 100 answers came.
    pub p99: f64,
    /// The mean length of an answer.
    pub bytes: usize,
}

impl Running {
    /// Starts it, and waits for the first answer to `path`.
    pub fn start(command: &mut Command, port: u16, path: &str) -> Result<Self> {
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let mut server = Self { process, port };
        let start = Instant::now();
        while server.get(path).is_err() {
            if server.process.try_wait()?.is_some() || start.elapsed() > LONGEST_START {
                return Err(format!("{} does not answer {path}", command.get_program().display()).into());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// The body of an answer, which must be a good one.
    pub fn get(&self, path: &str) -> Result<Vec<u8>> {
        Client::new(self.port)?.ask(path)
    }

    /// Lets all clients ask these addresses in turn for so long, after a while that is not counted.
    pub fn load(&self, paths: &[String], time: Duration) -> Result<Load> {
        self.ask(paths, time / 4)?;
        let before = cpu(self.process.id());
        let mut answers = self.ask(paths, time)?;
        let used = cpu(self.process.id()) - before;
        answers.sort_by_key(|(took, _)| *took);
        let count = answers.len().max(1);
        let p99 =
            answers.get(count * 99 / 100).or(answers.last()).map_or(0.0, |(took, _)| took.as_secs_f64());
        let bytes = answers.iter().map(|(_, bytes)| bytes).sum::<usize>() / count;
        Ok(Load { cpu: used * 1e6 / as_f64(count), p99: p99 * 1e3, bytes })
    }

    fn ask(&self, paths: &[String], time: Duration) -> Result<Vec<(Duration, usize)>> {
        let client = |first: usize| -> std::result::Result<Vec<(Duration, usize)>, String> {
            let mut client = Client::new(self.port).map_err(|error| error.to_string())?;
            let (end, mut answers) = (Instant::now() + time, Vec::new());
            for path in paths.iter().cycle().skip(first) {
                let start = Instant::now();
                if start >= end {
                    break;
                }
                let body = client.ask(path).map_err(|error| error.to_string())?;
                answers.push((start.elapsed(), body.len()));
            }
            Ok(answers)
        };
        thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS).map(|n| scope.spawn(move || client(n * 7))).collect();
            let answers = clients.into_iter().map(|client| client.join().unwrap_or_else(|_| Ok(Vec::new())));
            let answers: std::result::Result<Vec<_>, String> = answers.collect();
            Ok(answers?.concat())
        })
    }

    /// The memory of its processes in MiB, each page counted once.
    pub fn memory(&self) -> f64 {
        let of = |pid| {
            let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
            let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
            line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok()
        };
        tree(self.process.id()).into_iter().filter_map(of).sum::<f64>() / 1024.0
    }
}

/// A port that nothing listens on.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A connection that is kept.
struct Client {
    reader: BufReader<TcpStream>,
    port: u16,
}

impl Client {
    fn new(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Self { reader: BufReader::with_capacity(1 << 16, stream), port })
    }

    fn ask(&mut self, path: &str) -> Result<Vec<u8>> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", self.port);
        self.reader.get_mut().write_all(request.as_bytes())?;
        let status = self.line()?;
        let (mut length, mut is_chunked) = (0, false);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(text) = line.strip_prefix("content-length:") {
                length = text.trim().parse()?;
            }
            is_chunked |= line.starts_with("transfer-encoding:");
        }
        let mut body = Vec::new();
        if is_chunked {
            while let size @ 1.. = u64::from_str_radix(&self.line()?, 16)? {
                self.take(size, &mut body)?;
                self.line()?;
            }
            self.line()?;
        } else {
            self.take(length, &mut body)?;
        }
        if status.contains(" 200 ") { Ok(body) } else { Err(format!("{path}: {status}").into()) }
    }

    fn take(&mut self, length: u64, body: &mut Vec<u8>) -> Result<()> {
        let read = self.reader.by_ref().take(length).read_to_end(body)?;
        if read as u64 == length { Ok(()) } else { Err("the answer ends early".into()) }
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.reader.read_line(&mut line)? == 0 {
            return Err("the server closed the connection".into());
        }
        Ok(line.trim_end().to_owned())
    }
}

/// A process and its descendants.
fn tree(pid: u32) -> Vec<u32> {
    let mut found = vec![pid];
    let all: Vec<(u32, u32)> =
        fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| parent(&entry)).collect();
    let mut at = 0;
    while let Some(pid) = found.get(at).copied() {
        found.extend(all.iter().filter(|(_, parent)| *parent == pid).map(|(child, _)| *child));
        at += 1;
    }
    found
}

fn parent(entry: &fs::DirEntry) -> Option<(u32, u32)> {
    let pid = entry.file_name().to_str()?.parse().ok()?;
    Some((pid, stat(pid)?.get(1)?.parse().ok()?))
}

/// What Linux counts of a process, from its state on.
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(text.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect())
}

/// The processor time of a process and its descendants, in seconds.
fn cpu(pid: u32) -> f64 {
    let of = |pid| {
        let stat = stat(pid)?;
        Some(stat.get(11)?.parse::<f64>().ok()? + stat.get(12)?.parse::<f64>().ok()?)
    };
    tree(pid).into_iter().filter_map(of).sum::<f64>() / TICKS
}

#[expect(clippy::cast_precision_loss, reason = "a number of answers")]
fn as_f64(count: usize) -> f64 {
    count as f64
}
