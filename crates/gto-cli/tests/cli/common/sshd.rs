//! A server of OpenSSH on this machine alone, for one test.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gto_testkit::{Repo, SshKey, skip};

/// Ends with the test.
pub struct Sshd {
    server: Child,
    /// The address of the repository.
    pub url: String,
    /// The value of `core.sshCommand`.
    pub command: String,
    /// The folder with the keys, `host` and `user`.
    pub folder: PathBuf,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Sshd {
    /// One that has this repository; or the test is skipped in sight.
    pub fn or_skip(repo: &Repo) -> Option<Self> {
        let program = ["/usr/sbin/sshd", "/usr/bin/sshd"].into_iter().find(|path| Path::new(path).exists());
        let Some(program) = program else {
            skip("no sshd");
            return None;
        };
        // Only the start as a service makes it, and to root sshd is nothing without it; nobody else may make it.
        let _ = fs::create_dir_all("/run/sshd");
        let folder = repo.sandbox().path().join("ssh");
        fs::create_dir_all(&folder).expect("the sandbox is writable");
        let (host, user) = (SshKey::or_skip(folder.join("host"))?, SshKey::or_skip(folder.join("user"))?);
        let file = |name: &str| folder.join(name).display().to_string();
        fs::write(folder.join("authorized"), format!("{}\n", user.public()))
            .expect("the sandbox is writable");
        // Another test may take the port in between: it is tried again then.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
            let text = format!(
                "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nPidFile none\n\
                 PasswordAuthentication no\nSetEnv GIT_CONFIG_NOSYSTEM=1 HOME={}\nSubsystem sftp internal-sftp\n",
                host.private().display(),
                file("authorized"),
                repo.sandbox().home().display()
            );
            fs::write(folder.join("config"), text).expect("the sandbox is writable");
            let mut sshd = Command::new(program);
            sshd.args(["-D", "-e", "-f", &file("config")]).stdin(Stdio::null()).stdout(Stdio::null());
            let mut server = sshd.stderr(Stdio::null()).spawn().ok()?;
            for _ in 0..100 {
                std::thread::sleep(Duration::from_millis(50));
                if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    let name = std::env::var("USER").unwrap_or_else(|_| "root".to_owned());
                    return Some(Self {
                        server,
                        url: format!("ssh://{name}@127.0.0.1:{port}{}", repo.path().display()),
                        command: format!(
                            "ssh -F none -i {} -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null",
                            user.private().display()
                        ),
                        folder,
                    });
                }
                if server.try_wait().ok().flatten().is_some() {
                    break;
                }
            }
            let _ = server.kill();
            let _ = server.wait();
        }
        skip("sshd does not start");
        None
    }
}
