//! The output of `git push --porcelain`, and other messages of git and the remote.
//!
//! Owns functions on text alone. All of it comes from a stranger: no line of it may count for a ref that was not pushed.

use crate::git::process::said::{FAILED, clean, remarks, words, words_beside, words_of_hook};

/// How a push ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Every ref is on the other side as it was to be.
    Done,
    /// The same, and every ref was so before.
    Present,
    /// Other writers have changed these refs, or are about to: a retry may succeed.
    Moved(String),
    /// The remote has a lock file: another push is running, or was aborted.
    Locked(String),
    /// The other side does not want it.
    Refused(String),
    /// The other side cannot change several refs at once.
    NotAtomic,
    /// Git stopped before it sent anything, for which there is mostly a hook `pre-push`. Its message may be empty.
    Held(String),
    /// Unknown. The refs may be on the remote or not.
    Unclear(String),
}

/// How a push ended, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PushReport {
    /// How it ended.
    pub outcome: Outcome,
    /// Whether the remote confirmed or refused each ref; `None` if neither.
    pub confirmed: Vec<Option<bool>>,
    /// Whether anything may have been sent.
    pub is_sent: bool,
    /// Other messages of Git, hooks and the remote, line by line; usually none.
    pub said: String,
}

impl PushReport {
    /// The result of an aborted push of this number of refs.
    pub fn unclear(reason: String, refs: usize) -> Self {
        let outcome = Outcome::Unclear(reason);
        Self { outcome, confirmed: vec![None; refs], is_sent: true, said: String::new() }
    }
}

/// The result of one ref.
#[derive(Debug, PartialEq, Eq)]
struct Line<'a> {
    flag: u8,
    summary: &'a str,
}

/// What git says where the other side, or the helper for its kind of address, can neither change refs as one nor only if
/// they are what they were.
const CANNOT: [&str; 2] =
    ["does not support --atomic", "underlying transport does not support --force-with-lease"];

/// All that is known of the push of these refs (by their full names).
pub(in crate::git) fn report(succeeded: bool, printed: &str, said: &str, refs: &[String]) -> PushReport {
    let outcome = outcome(succeeded, printed, said, refs);
    // The lines before come from a hook.
    let own = printed
        .rfind("\nTo ")
        .map_or(if printed.starts_with("To ") { printed } else { "" }, |at| &printed[at..]);
    let lines: Vec<Option<Line>> = refs.iter().map(|name| find(own, name)).collect();
    let is_local = |line: &Line| line.summary.starts_with("[rejected]");
    // Git sends nothing if it rejects one of several that are to be changed as one.
    let is_held_back = lines.iter().flatten().any(|line| line.flag == b'!' && is_local(line));
    PushReport {
        is_sent: !is_held_back && outcome != Outcome::NotAtomic,
        confirmed: lines.iter().map(|line| line.as_ref().and_then(Line::confirmed)).collect(),
        said: remarks(&all_said(printed, said)),
        outcome,
    }
}

impl Line<'_> {
    fn confirmed(&self) -> Option<bool> {
        match self.flag {
            b'!' if self.summary.starts_with("[remote failure]") => None,
            b'!' => Some(false),
            _ => Some(true),
        }
    }
}

/// How the push of these refs (by their full names) ended, by its exit status and what it printed.
pub(in crate::git) fn outcome(succeeded: bool, printed: &str, said: &str, refs: &[String]) -> Outcome {
    if !succeeded && CANNOT.iter().any(|words| said.contains(words)) {
        return Outcome::NotAtomic;
    }
    let lines: Vec<Line> = refs.iter().filter_map(|name| find(printed, name)).collect();
    let rejections: Vec<&str> =
        lines.iter().filter(|line| line.flag == b'!').map(|line| reason(line.summary)).collect();
    let telling = |why: &str| {
        let why = clean(why);
        let words = if why.is_empty() { words(said) } else { words_beside(said) };
        match (why.is_empty(), words.is_empty()) {
            (true, _) => words,
            (false, true) => why,
            // Several lines are shown as they are.
            (false, false) if words.contains('\n') => format!("{why}\n{words}"),
            (false, false) => format!("{why}: {words}"),
        }
    };
    if rejections.is_empty() {
        return match succeeded && lines.len() == refs.len() {
            true if lines.iter().all(|line| line.flag == b'=') => Outcome::Present,
            true => Outcome::Done,
            false if is_held(succeeded, printed, said) => {
                Outcome::Held(words_of_hook(&all_said(printed, said)))
            }
            false => Outcome::Unclear(telling("")),
        };
    }
    if rejections.iter().any(|why| is_unclear(why)) {
        return Outcome::Unclear(telling(""));
    }
    // With `--atomic` the others are rejected because one was.
    match rejections.iter().find(|why| !is_moved(why) && !is_follow_up(why)) {
        Some(refused) => Outcome::Refused(telling(refused)),
        None => match rejections.iter().find(|why| is_moved(why)) {
            Some(moved) => match lock_file(said) {
                Some(line) => Outcome::Locked(words(line)),
                None if LASTING.iter().any(|words| said.contains(words)) => Outcome::Refused(telling(moved)),
                None => Outcome::Moved(telling(moved)),
            },
            None => Outcome::Refused(telling(rejections[0])),
        },
    }
}

/// `FLAG <tab> FROM:TO <tab> SUMMARY` for the ref TO (git-push(1), "OUTPUT").
fn find<'a>(printed: &'a str, name: &str) -> Option<Line<'a>> {
    // Of several the last: what hooks print comes before git's report.
    printed.lines().rev().find_map(|line| {
        let mut fields = line.splitn(3, '\t');
        let (flag, refs, summary) = (fields.next()?, fields.next()?, fields.next()?);
        let (_, to) = refs.split_once(':')?;
        let &[flag] = flag.as_bytes() else { return None };
        (to == name).then_some(Line { flag, summary })
    })
}

/// `[rejected] (already exists)` without the ornaments.
fn reason(summary: &str) -> &str {
    let inner = summary.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.unwrap_or_else(|| summary.trim_start_matches('[').trim_end_matches(']'))
}

/// Reasons that another writer gives: seen by our git before it pushed, or by the other side, which locks what it writes.
fn is_moved(reason: &str) -> bool {
    const EXACTLY: [&str; 8] = [
        "already exists",
        "stale info",
        "fetch first",
        "non-fast-forward",
        "needs force",
        "remote ref updated since checkout",
        "failed to update ref",
        "atomic transaction failed",
    ];
    const PARTS: [&str; 4] =
        ["cannot lock ref", "failed to lock", "reference already exists", "incorrect old value provided"];
    EXACTLY.contains(&reason) || PARTS.iter().any(|part| reason.contains(part))
}

/// The remote's message for a ref that it can never write.
const LASTING: [&str; 6] = [
    "; cannot create '",
    "Permission denied",
    "No space left",
    "Read-only file system",
    "quota exceeded",
    "insufficient permission",
];

/// The line that names the blocking lock file.
fn lock_file(said: &str) -> Option<&str> {
    said.lines().find(|line| line.contains("Unable to create '") && line.contains(".lock': File exists"))
}

/// Whether git exited before it printed where it pushes to.
fn is_held(succeeded: bool, printed: &str, said: &str) -> bool {
    let last = said.trim_end().lines().next_back().unwrap_or_default();
    !succeeded && last.starts_with(FAILED) && !printed.lines().any(|line| line.starts_with("To "))
}

/// The output on both channels before git's own report: a hook `pre-push` can use either.
fn all_said(printed: &str, said: &str) -> String {
    let printed = printed.lines().take_while(|line| !line.starts_with("To "));
    said.lines().chain(printed).collect::<Vec<_>>().join("\n")
}

/// The message for a successful ref.
fn is_follow_up(reason: &str) -> bool {
    matches!(reason, "atomic push failed" | "atomic push failure")
}

/// The remote received the refs and never reported a result.
fn is_unclear(reason: &str) -> bool {
    reason.contains("failed to report status") || reason == "remote failure"
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refs(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| format!("refs/tags/{name}")).collect()
    }

    /// The printed texts are those of git 2.47.
    #[test]
    fn what_git_prints_is_read_ref_by_ref() {
        let both = refs(&["m@v1", "m#prod#2"]);
        let result = |succeeded, lines: [&str; 2], said| {
            let line = |(line, name): (&str, &String)| {
                let (flag, summary) = line.split_once(' ').unwrap();
                format!("{flag}\t1234567:{name}\t{summary}\n")
            };
            let lines: String = lines.into_iter().zip(&both).map(line).collect();
            outcome(succeeded, &format!("To ../r.git\n{lines}Done\n"), said, &both)
        };
        let moved = |text: &str| Outcome::Moved(text.to_owned());
        let refused = |text: &str| Outcome::Refused(text.to_owned());
        assert_eq!(result(true, ["* [new tag]", "* [new tag]"], ""), Outcome::Done);
        assert_eq!(result(true, ["= [up to date]", "* [new tag]"], ""), Outcome::Done);
        assert_eq!(result(true, ["= [up to date]", "= [up to date]"], ""), Outcome::Present);
        assert_eq!(
            result(false, ["! [rejected] (stale info)", "! [rejected] (atomic push failed)"], ""),
            moved("stale info")
        );
        let locked = "remote: error: cannot lock ref 'refs/tags/m@v1': reference already exists        \n\
                      error: failed to push some refs to 'x'\n";
        let failed = "! [remote rejected] (atomic transaction failed)";
        assert_eq!(
            result(false, [failed, failed], locked),
            moved("atomic transaction failed: cannot lock ref 'refs/tags/m@v1': reference already exists")
        );
        assert_eq!(
            result(
                false,
                ["! [remote rejected] (atomic push failure)", "! [remote rejected] (hook declined)"],
                "remote: not on Fridays\nremote: error: hook declined to update refs/tags/m#prod#2\n"
            ),
            refused("hook declined: not on Fridays; hook declined to update refs/tags/m#prod#2")
        );
        let in_the_way = "remote: error: cannot lock ref 'refs/tags/m@v1': 'refs/tags/m@v1/b' exists; cannot create 'refs/tags/m@v1'\n";
        assert!(matches!(result(false, [failed, failed], in_the_way), Outcome::Refused(_)));
        // A permanent refusal takes precedence over a moved ref.
        assert_eq!(
            result(
                false,
                ["! [rejected] (stale info)", "! [remote rejected] (deny updating a hidden ref)"],
                ""
            ),
            refused("deny updating a hidden ref")
        );
        let lost = "! [remote failure] (remote failed to report status)";
        let hung_up = "fatal: the remote end hung up unexpectedly\n";
        let unclear = Outcome::Unclear("the remote end hung up unexpectedly".to_owned());
        assert_eq!(result(false, [lost, lost], hung_up), unclear);
        assert_eq!(result(false, ["* [new tag]", "* [new tag]"], hung_up), unclear);
        assert_eq!(outcome(false, "", hung_up, &both), unclear);
        assert_eq!(
            outcome(false, "", "fatal: the receiving end does not support --atomic push\n", &both),
            Outcome::NotAtomic
        );
        assert_eq!(
            outcome(false, "!\t(delete):refs/tags/m@v1\t[rejected] (stale info)\n", "", &refs(&["m@v1"]),),
            moved("stale info")
        );
        let helper = "fatal: helper s3 does not support --atomic\n";
        assert_eq!(outcome(false, "", helper, &both), Outcome::NotAtomic);
        let leases = "fatal: underlying transport does not support --force-with-lease option\n";
        assert_eq!(outcome(false, "", leases, &both), Outcome::NotAtomic);
        let printed = "=\t1:refs/tags/m@v1\t[up to date]\n";
        assert_eq!(outcome(true, printed, "", &refs(&["m@v1"])), Outcome::Present);
    }

    #[test]
    fn what_is_known_of_each_ref_is_what_git_reports_and_not_what_a_hook_prints() {
        let both = refs(&["m@v1", "m#prod#2"]);
        let known = |text: &str| {
            let found = report(false, text, "", &both);
            (found.confirmed, found.is_sent)
        };
        let hook = "*\t1:refs/tags/m@v1\t[new tag]\n*\t1:refs/tags/m#prod#2\t[new tag]\n";
        assert_eq!(known(hook), (vec![None, None], true));
        let hidden = "To x\n*\t1:refs/tags/m@v1\t[new tag]\n!\t1:refs/tags/m#prod#2\t[remote rejected] (deny updating a hidden ref)\n";
        assert_eq!(known(&format!("{hook}{hidden}")), (vec![Some(true), Some(false)], true));
        let held = "To x\n!\t1:refs/tags/m@v1\t[rejected] (already exists)\n!\t1:refs/tags/m#prod#2\t[rejected] (atomic push failed)\n";
        assert_eq!(known(held), (vec![Some(false), Some(false)], false));
        let lost = "To x\n!\t1:refs/tags/m@v1\t[remote failure] (remote failed to report status)\n";
        assert_eq!(known(lost), (vec![None, None], true));
    }

    proptest! {
        #[test]
        fn no_text_is_taken_for_success_but_a_line_for_each_ref(
            printed in "(([*=!+ -]|To|Done)[\t ]?[a:]{0,3}(refs/tags/m@v1)?[\t ]?\\[?[a-z ]*\\]?\n){0,4}",
            said in "\\PC{0,40}",
            succeeded: bool,
        ) {
            let found = outcome(succeeded, &printed, &said, &refs(&["m@v1", "m@v2"]));
            prop_assert!(!matches!(found, Outcome::Done | Outcome::Present));
        }

        #[test]
        fn any_text_is_read(printed in ".*", said in "(.|\n)*", succeeded: bool) {
            outcome(succeeded, &printed, &said, &refs(&["m@v1"]));
        }
    }
}
