//! An authority for certificates, made by `openssl`, and a key of `gpgsm` that it certifies.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gto_testkit::{GpgHome, skip};

/// An authority `CN=Acme CA` that certifies the key of `CN=Ada` in a ring of `gpgsm`.
pub struct Authority {
    folder: PathBuf,
    ring: PathBuf,
}

const SETTINGS: &str = "[ca]\\ndefault_ca=d\\n[d]\\ndatabase=index\\nserial=serial\\ncrlnumber=crlnumber\\nnew_certs_dir=.\\n\
                        default_md=sha256\\npolicy=p\\nx509_extensions=e\\n[p]\\ncommonName=supplied\\n[e]\\n\
                        keyUsage=critical,digitalSignature\\n";

impl Authority {
    /// The authority with its files in `folder`; `validity` is for `openssl ca`. The skip is reported.
    pub fn or_skip(folder: &Path, ring: &GpgHome, validity: &str) -> Option<Self> {
        let starts = |program: &str| {
            let mut started = Command::new(program);
            started.arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
        };
        if !starts("gpgsm") || !starts("openssl") {
            skip("no gpgsm and openssl");
            return None;
        }
        let authority = Self { folder: folder.to_owned(), ring: ring.path().to_owned() };
        authority.root("ca", "Acme CA");
        authority
            .sh(&format!("touch index; echo 01 > serial; echo 01 > crlnumber; printf '{SETTINGS}' > ca.cnf"));
        authority.sh("printf 'disable-crl-checks\\ndisable-dirmngr\\n' > \"$GNUPGHOME/gpgsm.conf\"; \
            printf 'Key-Type: RSA\\nKey-Length: 2048\\nKey-Usage: sign\\nName-DN: CN=Ada\\n' > params; \
            echo | gpgsm --batch --pinentry-mode loopback --passphrase-fd 0 --armor --gen-key params > ada.csr");
        authority.ca(&format!("-batch -in ada.csr -out ada.pem -notext {validity}"));
        authority.sh("gpgsm --batch --import ca.pem ada.pem 2>&1; gpgsm --batch --with-colons --list-keys | \
            sed -n 's/^fpr:::::::::\\([^:]*\\).*/\\1 S relax/p' > \"$GNUPGHOME/trustlist.txt\"; gpgconf --kill gpg-agent");
        Some(authority)
    }

    /// Makes another authority, which has certified nobody, with its certificate in `NAME.pem`.
    pub fn root(&self, name: &str, subject: &str) {
        self.sh(&format!(
            "openssl req -x509 -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.pem -days 30 -subj '/CN={subject}' \
             -addext keyUsage=critical,keyCertSign,cRLSign 2>&1"
        ));
    }

    /// The list of what it has revoked, which ends after so many seconds, as text.
    pub fn revocations(&self, seconds: u32) -> String {
        self.ca(&format!("-gencrl -crlsec {seconds} -out list.crl"));
        self.file("list.crl")
    }

    /// Revokes the certificate of Ada.
    pub fn revoke(&self) {
        self.ca("-revoke ada.pem");
    }

    /// Whether `gpgsm` can read lists of what was revoked. The skip is reported.
    pub fn has_lists() -> bool {
        let mut started = Command::new("dirmngr");
        let starts = started.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
        if !starts {
            skip("no dirmngr");
        }
        starts
    }

    /// Lets `gpgsm` ask for revocations in the user's own ring, where that list is loaded.
    pub fn ask_for_revocations(&self) {
        self.sh("printf 'enable-crl-checks\\nenable-issuer-based-crl-check\\n' > \"$GNUPGHOME/gpgsm.conf\"; \
            printf 'disable-http\\ndisable-ldap\\n' > \"$GNUPGHOME/dirmngr.conf\"; openssl crl -in list.crl -outform DER -out list.der; \
            gpgsm --call-dirmngr LOADCRL \"$PWD/list.der\" 2>&1");
    }

    /// A file that was made.
    pub fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join(name)).expect("openssl has written it")
    }

    fn ca(&self, args: &str) {
        self.sh(&format!("openssl ca -config ca.cnf -cert ca.pem -keyfile ca.key {args} 2>&1"));
    }

    fn sh(&self, line: &str) {
        let mut shell = Command::new("sh");
        let output =
            shell.args(["-ec", line]).current_dir(&self.folder).env("GNUPGHOME", &self.ring).output();
        let output = output.expect("sh runs");
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&said));
    }
}
