//! `install.sh` installs a release that is whole, and nothing else: whatever goes wrong, what was there before stays, and
//! nothing new is left behind.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use gto_testkit::{Sandbox, skip};

use super::release::{LINUX, Manner, release, root, serve, stand_in, write_program};

/// A machine with a release, a place to install to, and a `PATH` of its own.
struct Machine {
    sandbox: Sandbox,
    dist: PathBuf,
}

impl Machine {
    fn new() -> Self {
        let mut sandbox = Sandbox::new();
        let dist = release(&sandbox, LINUX.2, &stand_in("1.2.3"));
        for folder in ["bin", "tmp"] {
            fs::create_dir(sandbox.path().join(folder)).expect("the sandbox is writable");
        }
        let path =
            format!("{}:{}", sandbox.path().join("bin").display(), std::env::var("PATH").unwrap_or_default());
        let scratch = sandbox.path().join("tmp");
        sandbox.set_env("PATH", path).set_env("TMPDIR", scratch);
        let machine = Self { sandbox, dist };
        machine.is("Linux", "x86_64");
        machine
    }

    /// Makes it a machine of another kind, for `uname`.
    fn is(&self, system: &str, processor: &str) {
        let text = format!("#!/bin/sh\ncase $1 in -s) echo {system};; -m) echo {processor};; esac\n");
        write_program(&self.sandbox.path().join("bin/uname"), &text);
    }

    /// Has no programs but these.
    fn has_only(&mut self, programs: &[&str]) -> Result<(), String> {
        let bin = self.sandbox.path().join("bin");
        for program in programs {
            let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
                .map(|folder| folder.join(program))
                .find(|path| path.is_file());
            let found = found.ok_or_else(|| format!("there is no {program} here"))?;
            std::os::unix::fs::symlink(found, bin.join(program)).expect("the sandbox is writable");
        }
        self.sandbox.set_env("PATH", bin);
        Ok(())
    }

    fn script(&self, arguments: &[&str]) -> Command {
        let mut script = self.sandbox.command("/bin/sh");
        script.arg(root().join("install.sh")).args(arguments).env("GTO_INSTALL_FROM", &self.dist);
        script
    }

    fn install(&self, arguments: &[&str]) -> Output {
        self.script(arguments).output().expect("the script runs")
    }

    fn home_bin(&self) -> PathBuf {
        self.sandbox.home().join(".local/bin")
    }

    /// It failed with this message, and all is as before.
    fn refused(&self, output: &Output, message: &str) {
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{output:?}");
        assert!(said.contains(message), "{said}");
        self.is_clean();
    }

    /// Nothing is left of a download, and no program that is not whole.
    fn is_clean(&self) {
        assert_eq!(names_in(&self.sandbox.path().join("tmp")), Vec::<String>::new());
        for name in names_in(&self.home_bin()) {
            assert_eq!(name, "gto", "left in the folder of the program");
        }
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn version_of(program: &Path) -> String {
    let output = Command::new(program).arg("--version").output().expect("it runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn it_installs_for_the_user_and_says_what_is_missing_on_the_path() {
    let machine = Machine::new();
    let output = machine.install(&[]);
    assert!(output.status.success(), "{output:?}");
    let program = machine.home_bin().join("gto");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        format!("installed gto 1.2.3 as {}\n", program.display())
    );
    assert!(String::from_utf8_lossy(&output.stderr).contains("is not on the PATH"), "{output:?}");
    assert_eq!(version_of(&program), "GTO Version: 1.2.3");
    machine.is_clean();
}

#[test]
fn it_installs_into_the_folder_that_is_named_however_odd_and_replaces_what_is_there() {
    let machine = Machine::new();
    for version in ["1.2.3", "1.2.4"] {
        release(&machine.sandbox, LINUX.2, &stand_in(version));
        let output = machine.install(&["--version", version, "--to", "it's a $(touch hurt) folder"]);
        assert!(output.status.success(), "{output:?}");
        let program = machine.sandbox.path().join("it's a $(touch hurt) folder/gto");
        assert_eq!(version_of(&program), format!("GTO Version: {version}"));
    }
    assert!(!machine.sandbox.path().join("hurt").exists());
    machine.is_clean();
}

#[test]
fn another_gto_that_comes_first_on_the_path_is_named() {
    let mut machine = Machine::new();
    write_program(&machine.sandbox.path().join("bin/gto"), "#!/bin/sh\n");
    let path = format!(
        "{}/bin:{}:{}",
        machine.sandbox.path().display(),
        machine.home_bin().display(),
        std::env::var("PATH").unwrap_or_default()
    );
    machine.sandbox.set_env("PATH", path);
    let output = machine.install(&[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("another gto comes first on the PATH: ") && said.contains("bin/gto"), "{said}");
}

#[test]
fn each_kind_of_machine_gets_its_own_archive() {
    for (system, processor, target) in [
        ("Linux", "aarch64", "aarch64-unknown-linux-musl"),
        ("Darwin", "arm64", "aarch64-apple-darwin"),
        ("Darwin", "x86_64", "x86_64-apple-darwin"),
        ("MINGW64_NT-10.0-26100", "x86_64", "x86_64-pc-windows-msvc"),
    ] {
        let machine = Machine::new();
        machine.is(system, processor);
        release(&machine.sandbox, target, &stand_in("1.2.3"));
        let output = machine.install(&[]);
        assert!(output.status.success(), "{target}: {output:?}");
        let program = if target.contains("windows") { "gto.exe" } else { "gto" };
        assert!(machine.home_bin().join(program).is_file(), "{target}");
    }
}

#[test]
fn a_machine_without_a_build_is_told_so() {
    for (system, processor) in [("Linux", "armv7l"), ("FreeBSD", "amd64"), ("Linux", "riscv64")] {
        let machine = Machine::new();
        machine.is(system, processor);
        machine.refused(
            &machine.install(&[]),
            &format!("there is no build for this machine ({system} {processor})"),
        );
    }
}

#[test]
fn a_wrong_or_missing_checksum_leaves_the_old_program() {
    let machine = Machine::new();
    machine.install(&[]);
    let sums = fs::read_to_string(machine.dist.join("SHA256SUMS")).unwrap();
    let other = sums.replace("gto-x86_64", "other-gto-x86_64");
    let short: String = sums.chars().skip(1).collect();
    for (list, message) in [
        (sums.replacen(|c: char| c.is_ascii_hexdigit(), "x", 64), "there is no build"),
        (
            sums.replacen(&sums[..8], "00000000", 1),
            "the checksum of gto-x86_64-unknown-linux-musl.tar.gz is wrong",
        ),
        (other, "there is no build"),
        (short, "there is no build"),
        (String::new(), "there is no build"),
    ] {
        fs::write(machine.dist.join("SHA256SUMS"), list).unwrap();
        machine.refused(&machine.install(&[]), message);
        assert_eq!(version_of(&machine.home_bin().join("gto")), "GTO Version: 1.2.3");
    }
    fs::remove_file(machine.dist.join("SHA256SUMS")).unwrap();
    machine.refused(&machine.install(&[]), "there is no file");
}

#[test]
fn another_version_than_the_one_asked_for_is_not_installed() {
    let machine = Machine::new();
    machine.refused(&machine.install(&["--version", "v1.2.4"]), "has version 1.2.3, not 1.2.4");
    assert!(!machine.home_bin().join("gto").exists());
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let machine = Machine::new();
    for (arguments, message) in [
        (&["--version", "../../evil"][..], "is no version"),
        (&["--version", "--to"], "is no version"),
        (&["--version"], "--version needs a value"),
        (&["--prefix", "x"], "there is no option '--prefix'"),
        (&["1.2.3"], "there is no option '1.2.3'"),
    ] {
        machine.refused(&machine.install(arguments), message);
    }
}

#[test]
fn where_it_cannot_write_it_names_the_folder_and_the_option() {
    let machine = Machine::new();
    fs::write(machine.sandbox.path().join("file"), "").unwrap();
    fs::create_dir_all(machine.sandbox.path().join("taken/gto")).unwrap();
    machine.refused(&machine.install(&["--to", "file/bin"]), "choose another with --to DIR");
    machine.refused(&machine.install(&["--to", "taken"]), "is a folder");
    // Root may write wherever files can be made at all: not here.
    machine.refused(&machine.install(&["--to", "/proc/self"]), "with --to DIR");
}

#[test]
fn a_full_disk_leaves_nothing_by_half() {
    let machine = Machine::new();
    let script = root().join("install.sh");
    let limited = format!("ulimit -f 8; exec /bin/sh '{}'", script.display());
    let mut shell = machine.sandbox.command("/bin/sh");
    shell.args(["-c", &limited]).env("GTO_INSTALL_FROM", &machine.dist);
    machine.refused(&shell.output().unwrap(), "is the disk full?");
    assert!(!machine.home_bin().join("gto").exists());
}

#[test]
fn a_program_that_does_not_run_here_is_not_installed() {
    let machine = Machine::new();
    release(&machine.sandbox, LINUX.2, "\x7fELF, of another world");
    machine.refused(&machine.install(&[]), "the program does not run on this machine");
    assert!(!machine.home_bin().join("gto").exists());
}

/// Where there is only this program to download with, the whole is installed and the half is refused.
fn downloads_with(program: &str) {
    const TOOLS: [&str; 14] = [
        "awk",
        "cat",
        "chmod",
        "cp",
        "cut",
        "gzip",
        "mkdir",
        "mktemp",
        "mv",
        "rm",
        "sed",
        "sh",
        "tar",
        "sha256sum",
    ];
    let mut machine = Machine::new();
    if let Err(reason) = machine.has_only(&[&TOOLS[..], &[program]].concat()) {
        return skip(&reason);
    }
    let whole = serve(machine.dist.clone(), Manner::Whole);
    let output = machine.script(&[]).env("GTO_INSTALL_FROM", &whole).output().expect("the script runs");
    assert!(output.status.success(), "{output:?}");
    fs::remove_file(machine.home_bin().join("gto")).expect("the sandbox is writable");

    let cut_off = serve(machine.dist.clone(), Manner::CutOff);
    let output = machine.script(&[]).env("GTO_INSTALL_FROM", &cut_off).output().expect("the script runs");
    machine.refused(&output, "cannot download");
    assert!(!machine.home_bin().join("gto").exists());

    // Without a mirror, from where the releases are.
    let output = machine
        .script(&["--version", "1.2.3"])
        .env_remove("GTO_INSTALL_FROM")
        .env("GTO_INSTALL_RELEASES", &whole)
        .output()
        .expect("the script runs");
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn it_downloads_with_curl() {
    downloads_with("curl");
}

#[test]
fn it_downloads_with_wget_where_there_is_no_curl() {
    downloads_with("wget");
}

#[test]
fn without_a_program_to_download_or_to_check_with_it_names_those_that_would_do() {
    let tools = ["awk", "cp", "cut", "mktemp", "rm", "sed", "sh", "tar", "gzip"];
    let mut machine = Machine::new();
    machine.has_only(&tools).expect("every system has them");
    let output = machine.script(&[]).env("GTO_INSTALL_FROM", "https://mirror.example/x").output().unwrap();
    machine.refused(&output, "neither curl nor wget is installed");
    machine.refused(&machine.install(&[]), "install sha256sum, shasum or openssl");
}

#[test]
fn openssl_checks_it_too() {
    let tools =
        ["awk", "chmod", "cp", "cut", "gzip", "mkdir", "mktemp", "mv", "rm", "sed", "sh", "tar", "openssl"];
    let mut machine = Machine::new();
    if let Err(reason) = machine.has_only(&tools) {
        return skip(&reason);
    }
    assert!(machine.install(&[]).status.success());
    let archive = machine.dist.join(format!("gto-{}.tar.gz", LINUX.2));
    fs::write(&archive, [fs::read(&archive).unwrap(), b"more".to_vec()].concat()).unwrap();
    machine.refused(&machine.install(&[]), "the checksum of");
}

#[test]
fn a_download_that_is_interrupted_leaves_nothing() {
    let machine = Machine::new();
    let stalled = serve(machine.dist.clone(), Manner::Stalled);
    let mut script = machine.script(&[]);
    // A group of its own, as Control-C ends it.
    script.env("GTO_INSTALL_FROM", stalled).process_group(0).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = script.spawn().unwrap();
    let archive = format!("gto-{}.tar.gz", LINUX.2);
    let begun = || {
        let scratch = names_in(&machine.sandbox.path().join("tmp")).pop();
        scratch.is_some_and(|name| machine.sandbox.path().join("tmp").join(name).join(&archive).is_file())
    };
    let until = Instant::now() + Duration::from_secs(20);
    while !begun() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(begun(), "the download did not begin");
    let killed = Command::new("sh").args(["-c", r#"kill -TERM "-$0""#]).arg(child.id().to_string()).status();
    assert!(killed.unwrap().success());
    assert!(!child.wait().unwrap().success());
    machine.is_clean();
    assert!(!machine.home_bin().join("gto").exists());
}

#[test]
fn of_a_script_that_arrives_by_half_nothing_runs() {
    let machine = Machine::new();
    let text = fs::read(root().join("install.sh")).unwrap();
    let call = text.len() - b"main \"$@\"\n".len();
    for length in (0..call).step_by(397).chain([call]) {
        let half = machine.sandbox.path().join("half.sh");
        fs::write(&half, &text[..length]).unwrap();
        let mut sh = machine.sandbox.command("/bin/sh");
        sh.arg(&half).env("GTO_INSTALL_FROM", &machine.dist).output().unwrap();
        assert!(!machine.home_bin().exists(), "cut at {length}");
    }
    machine.is_clean();
}
