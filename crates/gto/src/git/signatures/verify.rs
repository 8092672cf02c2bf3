//! Checking the signatures of tags, by the user's own `git verify-tag`.
//!
//! Owns what its answers mean. It runs the verifying program as Git is configured to; what that prints is untrusted
//! text, in which only the lines that no signer can write are looked for. Must not decide what is done about a tag.

use crate::git::objects::text::split_signature;
use crate::git::{Repository, TagRef, UnreadableTag, lossy};
use crate::signing::{Verification, Verified};

/// The verifying program's result for a signature.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub result: Verified,
    pub signer: Option<String>,
    pub key: Option<String>,
    pub reason: Option<String>,
}

impl Repository {
    /// What the signatures of these tags are worth, in the same order: a process for each signed tag, on all processors.
    /// `None` for a lightweight tag. `done` is called after each.
    pub fn verify_tags(&self, tags: &[TagRef], done: impl Fn() + Sync) -> Vec<Option<Verification>> {
        self.on_all_processors(tags.iter().collect(), |here, tag: &TagRef| {
            let verdict = here.verdict(tag);
            done();
            verdict.map(|Verdict { result, signer, key, reason }| Verification {
                tag: tag.name.clone(),
                result,
                signer,
                key,
                reason,
            })
        })
    }

    fn verdict(&self, tag: &TagRef) -> Option<Verdict> {
        let mut buffer = Vec::new();
        let parts = match self.tag_parts(tag.target, &mut buffer) {
            Ok(None) => return None,
            Err(UnreadableTag::Missing) => {
                return Some(Verdict::unknown("its object is missing from the repository"));
            }
            Err(why) => return Some(Verdict::bad(why.to_string())),
            Ok(Some(parts)) => parts,
        };
        let (_, signature) = split_signature(parts.body);
        let name = lossy(parts.field("tag").unwrap_or_default());
        let copied = (name != tag.name).then(|| format!("it is a copy of tag '{name}'"));
        if signature.is_empty() {
            return Some(Verdict::new(Verified::Unsigned, copied.as_deref()));
        }
        let mut verdict = self.ask_git(tag, signature);
        // A signature covers the tag's name. Under another name, the tag is a copy that its owner did not sign.
        if copied.is_some() && verdict.result != Verified::Bad {
            (verdict.result, verdict.reason) = (Verified::Bad, copied);
        }
        Some(verdict)
    }

    fn ask_git(&self, tag: &TagRef, signature: &[u8]) -> Verdict {
        // By its id: a name may mean another tag by now.
        let args = ["verify-tag", "--raw", &tag.target.to_string()];
        let output = match self.run_git("checking signatures", args, b"") {
            Ok(output) => output,
            Err(error) => return Verdict::unknown(error.to_string()),
        };
        let said = lossy(&output.stderr);
        if signature.starts_with(b"-----BEGIN SSH SIGNATURE-----") {
            of_ssh(&said, output.status.success(), self.has_ssh_revocations())
        } else {
            of_gpg(&said, output.status.success())
        }
    }

    fn has_ssh_revocations(&self) -> bool {
        self.gix().config_snapshot().string("gpg.ssh.revocationFile").is_some()
    }
}

impl Verdict {
    fn new(result: Verified, reason: Option<&str>) -> Self {
        Self { result, signer: None, key: None, reason: reason.map(str::to_owned) }
    }

    fn unknown(reason: impl AsRef<str>) -> Self {
        Self::new(Verified::Unknown, Some(reason.as_ref()))
    }

    fn bad(reason: impl AsRef<str>) -> Self {
        Self::new(Verified::Bad, Some(reason.as_ref()))
    }
}

/// What `gpgsm` says of a certificate by its number; see `gpg-error`: `GPG_ERR_CERT_REVOKED`.
const CERTIFICATE_REVOKED: &str = "94";

/// The same of a list of revoked certificates that it has not: `GPG_ERR_NOT_SUPPORTED` (fetching it is switched off),
/// `GPG_ERR_NO_CRL_KNOWN`, `GPG_ERR_CRL_TOO_OLD`, `GPG_ERR_NO_DIRMNGR`.
const NO_REVOCATIONS: [&str; 4] = ["60", "95", "96", "142"];

/// Whether `gpgsm` wanted to know what the authority of a certificate has revoked, and could not.
pub(super) fn lacks_revocations(said: &str) -> bool {
    let codes = said.lines().filter_map(|line| line.strip_prefix("[GNUPG:] TRUST_UNDEFINED "));
    codes.filter_map(|rest| rest.split(' ').next()).any(|code| NO_REVOCATIONS.contains(&code))
}

/// The output of `gpg` and `gpgsm` on their status descriptor; see its file `doc/DETAILS`, and git's `gpg-interface.c`.
pub(super) fn of_gpg(said: &str, accepted: bool) -> Verdict {
    let mut verdict: Option<Verdict> = None;
    let (mut fingerprint, mut is_distrusted, mut is_revoked) = (None, false, false);
    for line in said.lines().filter_map(|line| line.strip_prefix("[GNUPG:] ")) {
        let (keyword, rest) = line.split_once(' ').unwrap_or((line, ""));
        let found = match keyword {
            "GOODSIG" => (Verified::Good, None),
            "BADSIG" => (Verified::Bad, Some("the tag is not what was signed")),
            "EXPSIG" => (Verified::Expired, Some("the signature has expired")),
            "EXPKEYSIG" => (Verified::Expired, Some("the key has expired")),
            "REVKEYSIG" => (Verified::Revoked, Some("the key was revoked")),
            "ERRSIG" => (Verified::Unknown, Some(why_not_checked(rest))),
            "VALIDSIG" => {
                // The primary key comes last: the one that people know.
                fingerprint = rest.split(' ').next_back().map(str::to_owned);
                continue;
            }
            "TRUST_NEVER" => {
                is_distrusted = true;
                is_revoked |= rest.split(' ').next() == Some(CERTIFICATE_REVOKED);
                continue;
            }
            _ => continue,
        };
        if verdict.is_some() {
            return Verdict::bad("it has several signatures");
        }
        let mut new = Verdict::new(found.0, found.1);
        let (key, signer) = rest.split_once(' ').unwrap_or((rest, ""));
        new.key = Some(key.to_owned());
        // The fields after the key of ERRSIG are no name; the last is a fingerprint, or a dash.
        if keyword == "ERRSIG" {
            fingerprint = rest.split(' ').nth(6).filter(|field| *field != "-").map(str::to_owned);
        } else {
            new.signer = Some(signer.to_owned()).filter(|signer| !signer.is_empty());
        }
        verdict = Some(new);
    }
    let Some(mut verdict) = verdict else {
        return no_verdict(said);
    };
    verdict.key = fingerprint.or(verdict.key);
    if is_revoked {
        (verdict.result, verdict.reason) =
            (Verified::Revoked, Some("its authority has revoked the certificate".to_owned()));
    } else if verdict.result == Verified::Good && (!accepted || is_distrusted) {
        verdict.result = Verified::Untrusted;
        let why = if lacks_revocations(said) {
            "no current list of what its authority has revoked is known"
        } else {
            "the key is not trusted enough"
        };
        verdict.reason = Some(why.to_owned());
    }
    verdict
}

fn why_not_checked(fields: &str) -> &'static str {
    match fields.split(' ').nth(5) {
        Some("9") => "the public key is not known here",
        Some("4") => "the kind of signature is not supported here",
        _ => "the signature cannot be checked here",
    }
}

/// The output of `ssh-keygen -Y`: a line for people.
pub(super) fn of_ssh(said: &str, accepted: bool, has_revocations: bool) -> Verdict {
    let good = said.lines().find_map(|line| line.strip_prefix("Good \"git\" signature "));
    let key = |line: &str| line.rsplit_once(" key ").map(|(_, key)| key.to_owned());
    let says = |words: &str| said.contains(words);
    match good {
        Some(line) if accepted => {
            let signer = line.strip_prefix("for ").and_then(|line| line.rsplit_once(" with "));
            Verdict {
                signer: signer.map(|(signer, _)| signer.to_owned()),
                key: key(line),
                ..Verdict::new(Verified::Good, None)
            }
        }
        Some(line) => {
            let expired = "the key is in gpg.ssh.allowedSignersFile, but not for the time of the tag";
            let verdict = if says(" has expired") || says(" is not yet valid") {
                Verdict::new(Verified::Expired, Some(expired))
            } else {
                Verdict::unknown("the key is not in gpg.ssh.allowedSignersFile")
            };
            Verdict { key: key(line), ..verdict }
        }
        None if says("gpg.ssh.allowedSignersFile needs to be configured") => {
            Verdict::unknown("gpg.ssh.allowedSignersFile is not set, or names no file")
        }
        None if says("incorrect signature") => Verdict::bad("the tag is not what was signed"),
        // ssh-keygen does not print which key it found among the revoked ones.
        None if said.trim() == "Could not verify signature." && has_revocations => {
            Verdict::new(Verified::Revoked, Some("the key is in gpg.ssh.revocationFile"))
        }
        None => no_verdict(said),
    }
}

/// The program could not be run, or made nothing of the signature.
fn no_verdict(said: &str) -> Verdict {
    let failed = said.lines().find_map(|line| line.strip_prefix("fatal: ").or(line.strip_prefix("error: ")));
    match failed {
        Some(why) => Verdict::unknown(why),
        None => Verdict::bad("the signature is damaged"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "097EC285285B05AA";
    const FINGERPRINT: &str = "F7A98A4DBBA4CAB836D8E444097EC285285B05AA";

    fn gpg(lines: &[&str], accepted: bool) -> (Verified, Option<String>, Option<String>) {
        let said = lines.iter().fold(String::new(), |said, line| said + "[GNUPG:] " + line + "\n");
        let verdict = of_gpg(&said, accepted);
        (verdict.result, verdict.signer, verdict.key)
    }

    #[test]
    fn the_status_lines_of_gpg_are_understood() {
        let (signer, key) = (Some("Ada <a@b>".to_owned()), Some(KEY.to_owned()));
        let valid = format!("VALIDSIG 00 2026-11-24 1 0 4 0 22 8 00 {FINGERPRINT}");
        for (keyword, accepted, expected) in [
            ("GOODSIG", true, Verified::Good),
            ("GOODSIG", false, Verified::Untrusted),
            ("BADSIG", false, Verified::Bad),
            ("EXPSIG", false, Verified::Expired),
            ("EXPKEYSIG", true, Verified::Expired),
            ("REVKEYSIG", false, Verified::Revoked),
        ] {
            let line = format!("{keyword} {KEY} Ada <a@b>");
            assert_eq!(
                gpg(&["NEWSIG", &line], accepted),
                (expected, signer.clone(), key.clone()),
                "{keyword}"
            );
            assert_eq!(gpg(&[&line, &valid], accepted).2.as_deref(), Some(FINGERPRINT));
        }
        let good = format!("GOODSIG {KEY} Ada <a@b>");
        assert_eq!(gpg(&[&good, "TRUST_NEVER"], true).0, Verified::Untrusted);
        assert_eq!(gpg(&[&good, "TRUST_NEVER 94"], false).0, Verified::Revoked);
        let missing = format!("ERRSIG {KEY} 22 8 00 1795522581 9 {FINGERPRINT}");
        assert_eq!(gpg(&[&missing], false), (Verified::Unknown, None, Some(FINGERPRINT.to_owned())));
    }

    #[test]
    fn what_is_no_single_good_signature_is_not_good() {
        let good = format!("GOODSIG {KEY} Ada <a@b>");
        assert_eq!(gpg(&[&good, &good], true).0, Verified::Bad);
        assert_eq!(gpg(&["NODATA 4"], false).0, Verified::Bad);
        assert_eq!(gpg(&[], true).0, Verified::Bad);
        assert_eq!(
            of_gpg("fatal: cannot exec 'gpg': No such file or directory", false).result,
            Verified::Unknown
        );
        assert_eq!(of_gpg(&format!("x [GNUPG:] {good}"), true).result, Verified::Bad);
        assert_eq!(
            of_ssh("Good \"file\" signature for a with ED25519 key S", true, false).result,
            Verified::Bad
        );
        assert_eq!(of_ssh("", true, false).result, Verified::Bad);
    }

    #[test]
    fn the_lines_of_ssh_keygen_are_understood() {
        let verdict =
            of_ssh("Good \"git\" signature for a with b@x with ED25519 key SHA256:xyz\n", true, false);
        assert_eq!(verdict.signer.as_deref(), Some("a with b@x"));
        assert_eq!((verdict.result, verdict.key.as_deref()), (Verified::Good, Some("SHA256:xyz")));
        let unknown = "Good \"git\" signature with ED25519 key SHA256:xyz\nNo principal matched.\n";
        let verdict = of_ssh(unknown, false, false);
        assert_eq!((verdict.result, verdict.key.as_deref()), (Verified::Unknown, Some("SHA256:xyz")));
        let revoked = "Could not verify signature.\n";
        assert_eq!(of_ssh(revoked, false, true).result, Verified::Revoked);
        assert_eq!(of_ssh(revoked, false, false).result, Verified::Bad);
    }
}
