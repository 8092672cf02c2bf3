//! `gto help environment`, `gto help exit-status`: pages about all commands. Each is a man page, too.
//!
//! Owns the lists; tests compare them with what the sources use.

use std::fmt::Write as _;

/// A page.
#[derive(Debug)]
pub struct Topic {
    /// As it is asked for.
    pub name: &'static str,
    /// One line.
    pub about: &'static str,
    /// Its parts, one below the other.
    pub sections: &'static [Section],
}

/// A part of a page.
#[derive(Debug)]
pub struct Section {
    /// Its title.
    pub title: &'static str,
    /// What holds for all of it.
    pub intro: &'static str,
    /// Words, and what each means.
    pub entries: &'static [(&'static str, &'static str)],
}

/// All pages.
pub const TOPICS: [&Topic; 2] = [&ENVIRONMENT, &EXIT_STATUS];

/// Variables and settings.
pub const ENVIRONMENT: Topic = Topic {
    name: "environment",
    about: "Variables and settings that gto reads",
    sections: &[
        Section {
            title: "Variables",
            intro: "What is given on the command line comes first, then these variables, then Git's configuration, then `.gto`. Lists are \
                    JSON. `gto doctor` shows what is in force.",
            entries: &[
                (
                    "GTO_PUSH",
                    "Push what a write makes, as with --push: true or false. Setting gto.push, key push",
                ),
                (
                    "GTO_REMOTE",
                    "Name of the remote to push to, to fetch from and to compare with. Setting gto.remote, key remote",
                ),
                (
                    "GTO_CACHE",
                    "off keeps nothing to be faster the next time, always keeps the tags of small registries too. Setting gto.cache",
                ),
                (
                    "GTO_CACHE_DIR",
                    "Folder for clones of remote repositories, instead of gto in $XDG_CACHE_HOME or ~/.cache",
                ),
                (
                    "GTO_GIT_TIMEOUT",
                    "Seconds that a git may print nothing before it is ended; 0 for no limit. 600 unless set, no limit at a terminal",
                ),
                (
                    "GTO_SERVE_TOKEN",
                    "Token that opens the pages of gto serve, of 16 characters or more, instead of a new one at each start",
                ),
                (
                    "GTO_POLICY",
                    "enforce: commands that read leave out tags that violate the promotion policy, as with --policy, and gto history \
                     marks them",
                ),
                ("GTO_EMOJIS", "false prints messages without emoji. Key EMOJIS"),
                (
                    "GTO_STAGES",
                    "Stages that versions may be assigned to, such as '[\"dev\", \"prod\"]'. Key stages",
                ),
                ("GTO_TYPES", "Types that artifacts may have, such as '[\"model\", \"dataset\"]'. Key types"),
                ("GTO_INDEX", "File with annotations, instead of artifacts.yaml. Key INDEX"),
                (
                    "GTO_CONFIG_FILE_NAME",
                    "As in the Python tool: shown by gto doctor, and without effect. Key CONFIG_FILE_NAME",
                ),
                (
                    "GTO_LOG_LEVEL",
                    "As in the Python tool, and without effect on the command line. Key LOG_LEVEL",
                ),
                ("GTO_DEBUG", "As in the Python tool, and without effect on the command line. Key DEBUG"),
                (
                    "GTO_ENRICHMENTS",
                    "Sources of annotations other than artifacts.yaml, as JSON. Key enrichments",
                ),
                (
                    "GTO_AUTOLOAD_ENRICHMENTS",
                    "Whether every source of annotations is used. Key autoload_enrichments",
                ),
            ],
        },
        Section {
            title: "Settings of a person",
            intro: "In Git's configuration: for one repository with `git config gto.push true`, for all with `git config --global`. The keys \
                    push and remote in `.gto` are for all who use a repository, and the Python tool refuses a `.gto` that has them.",
            entries: &[
                ("gto.push", "As GTO_PUSH"),
                ("gto.remote", "As GTO_REMOTE"),
                ("gto.cache", "As GTO_CACHE"),
            ],
        },
        Section {
            title: "Variables of others",
            intro: "",
            entries: &[
                ("GIT_DIR", "Repository, where the current folder is in none"),
                (
                    "GITHUB_ACTIONS, GITLAB_CI, TF_BUILD, BITBUCKET_BUILD_NUMBER, JENKINS_URL",
                    "Which system runs the pipeline, for gto ci",
                ),
                (
                    "GITHUB_REF, CI_COMMIT_TAG, BUILD_SOURCEBRANCH, BITBUCKET_TAG, TAG_NAME",
                    "The ref that started the pipeline, for gto ci: each in its own system, and where none is known, the first that is set",
                ),
                (
                    "GITHUB_OUTPUT, GITHUB_STEP_SUMMARY",
                    "Files that gto ci appends its values and a summary to, on GitHub",
                ),
                ("GIT_COMMITTER_DATE", "Time of new tags, taken as it is"),
                ("GIT_COMMITTER_NAME, GIT_COMMITTER_EMAIL, EMAIL", "Who makes new tags"),
                (
                    "GIT_TERMINAL_PROMPT",
                    "0 keeps Git from asking for a password. At a terminal it asks unless this is set",
                ),
                ("XDG_CACHE_HOME, HOME", "Where clones of remote repositories are kept"),
                ("NO_COLOR, CLICOLOR, CLICOLOR_FORCE", "Whether output is coloured"),
                ("TZ", "Time zone of new tags and of dates without one"),
                ("COMPLETE", "Set by the completion script of a shell"),
            ],
        },
    ],
};

/// Exit statuses.
pub const EXIT_STATUS: Topic = Topic {
    name: "exit-status",
    about: "What the exit status of gto means",
    sections: &[Section {
        title: "Statuses",
        intro: "stdout is data, everything else goes to stderr. A flag for a single value that finds nothing prints nothing, says why on \
                stderr, and ends with 0.",
        entries: &[
            ("0", "Done"),
            (
                "1",
                "Refused or failed: `❌` and the reason are on stderr. Also what cannot be judged, such as a tag that cannot be read",
            ),
            ("2", "Wrong usage: an unknown command or flag, an argument that is missing or empty"),
            ("3", "gto status found a difference between here and the remote"),
            (
                "4",
                "The policy forbids it, and that is proven: a write was refused, gto policy check found a violation, or with --policy \
                 nothing else is left for resolve, check-ref or ci",
            ),
            ("128 + N", "Ended by signal N, as the shell shows it: 130 after Ctrl-C"),
        ],
    }],
};

/// The page that `gto help TOPIC` asks for.
pub fn asked_for(words: &[String]) -> Option<&'static Topic> {
    let [help, name] = words else { return None };
    TOPICS.into_iter().find(|topic| help == "help" && topic.name == name)
}

/// The page, for a terminal.
pub fn text(topic: &Topic) -> String {
    let mut page = format!("{}\n", topic.about);
    for section in topic.sections {
        // Writing to a String cannot fail.
        let _ = write!(page, "\n{}:\n", section.title);
        if !section.intro.is_empty() {
            let _ = write!(page, "{}\n\n", filled(section.intro, "  "));
        }
        for (word, meaning) in section.entries {
            let _ = writeln!(page, "  {word}\n{}", filled(meaning, "        "));
        }
    }
    page
}

/// The text in lines of at most 80 columns.
fn filled(text: &str, indent: &str) -> String {
    const WIDTH: usize = 80;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("{indent}{word}")),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::error::Status;

    /// Every `GTO_…` in the sources of the product, but those of tests.
    fn variables_in(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is_of_tests =
                path.ends_with("tests") || path.ends_with("fuzzing") || path.ends_with("tests.rs");
            if path.is_dir() && !is_of_tests {
                variables_in(&path, found);
            } else if path
                .extension()
                .is_some_and(|it| it == "rs" || it == "py" || it == "zsh" || it == "bash")
            {
                let text = std::fs::read_to_string(&path).unwrap();
                let product = text.split("#[cfg(test)]").next().unwrap_or_default();
                for (at, _) in product.match_indices("GTO_") {
                    let end = product[at..].find(|c: char| !(c.is_ascii_uppercase() || c == '_'));
                    let name = &product[at..at + end.unwrap_or(product.len() - at)];
                    found.extend((name.len() > "GTO_".len()).then(|| name.to_owned()));
                }
            }
        }
    }

    #[test]
    fn the_page_about_the_environment_has_every_variable_of_the_sources_and_no_other() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut used = BTreeSet::new();
        for folder in [
            "crates/gto/src",
            "crates/gto-frontend/src",
            "crates/gto-cli/src",
            "crates/gto-python/src",
            "python/gto",
        ] {
            if root.join(folder).is_dir() {
                variables_in(&root.join(folder), &mut used);
            }
        }
        // What one gto tells its own git, and what only tests and the fuzzer read.
        for inner in ["GTO_LOCKED", "GTO_FUZZ_SECONDS", "GTO_TEST_INSIDE_A_HOOK"] {
            used.remove(inner);
        }
        // The keys of the configuration are variables, too.
        let keys = gto::config::Config::default().lines();
        used.extend(
            keys.iter().filter_map(|line| Some(format!("GTO_{}", line.split_once('=')?.0.to_uppercase()))),
        );
        let listed: BTreeSet<String> =
            ENVIRONMENT.sections[0].entries.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(listed, used);
    }

    #[test]
    fn the_page_about_exit_statuses_has_every_status() {
        let listed: Vec<&str> = EXIT_STATUS.sections[0].entries.iter().map(|(status, _)| *status).collect();
        for status in [Status::Done, Status::Failed, Status::Usage, Status::Different, Status::Violated] {
            // A status that is added must be listed: the compiler tells of it here.
            match status {
                Status::Done | Status::Failed | Status::Usage | Status::Different | Status::Violated => {}
            }
            assert!(listed.contains(&(status as u8).to_string().as_str()), "{status:?}");
        }
        assert_eq!(listed[..5], ["0", "1", "2", "3", "4"]);
    }

    #[test]
    fn no_line_of_a_page_is_wider_than_a_terminal() {
        for topic in TOPICS {
            let page = text(topic);
            assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
        }
    }
}
