//! Man pages, from the same texts as the help.
//!
//! Owns what a page has that the help has not: its title, the usage as synopsis, examples as they were typed.

use std::io;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::topics::Topic;

/// The page of a command that is built, under this name: `gto`, `gto-show`.
pub fn page(name: &str, command: &Command) -> io::Result<Vec<u8>> {
    // No separate page: the man pages are the help.
    let mut command =
        command.clone().mut_subcommands(|sub| if sub.get_name() == "help" { sub.hide(true) } else { sub });
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim().to_owned();
    let command = command.name(name.to_owned()).override_usage(usage).mut_args(with_aliases);
    // "(see a summary with '-h')" is about the help, not about the page.
    let command = command.mut_arg("help", |help| help.help("Print help").long_help("Print help"));
    let aliases: Vec<String> = command.get_visible_aliases().map(|alias| format!("gto {alias}")).collect();
    let after = command.get_after_help().map(ToString::to_string);
    let has_subcommands = command.get_subcommands().any(|command| !command.is_hide_set());

    let man = Man::new(command).source(concat!("gto ", env!("CARGO_PKG_VERSION"))).manual("Git Tag Ops");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    if !aliases.is_empty() {
        let mut same = Roff::new();
        same.control("PP", []).text([roman("The same command: "), bold(aliases.join(", "))]);
        same.to_writer(&mut page)?;
    }
    man.render_options_section(&mut page)?;
    if has_subcommands {
        man.render_subcommands_section(&mut page)?;
    }
    let mut rest = Roff::new();
    if let Some(after) = after {
        as_typed(&mut rest, &after);
    }
    if name != "gto" {
        rest.control("SH", ["SEE ALSO"]).text([bold("gto"), roman("(1)")]);
    }
    rest.to_writer(&mut page)?;
    Ok(with_one_preamble(&String::from_utf8_lossy(&page)).into_bytes())
}

/// The page about all commands.
pub fn topic(topic: &Topic) -> io::Result<Vec<u8>> {
    let name = format!("gto-{}", topic.name);
    let mut page = Roff::new();
    let source = concat!("gto ", env!("CARGO_PKG_VERSION"));
    page.control("TH", [name.as_str(), "7", "", source, "Git Tag Ops"]);
    page.control("SH", ["NAME"]).text([roman(format!("{name} - {}", topic.about))]);
    for section in topic.sections {
        page.control("SH", [section.title.to_uppercase().as_str()]);
        if !section.intro.is_empty() {
            page.text([roman(section.intro)]);
        }
        for (word, meaning) in section.entries {
            page.control("TP", []).text([bold(*word)]).text([roman(*meaning)]);
        }
    }
    page.control("SH", ["SEE ALSO"]).text([bold("gto"), roman("(1)")]);
    let mut bytes = Vec::new();
    page.to_writer(&mut bytes)?;
    Ok(bytes)
}

/// Each part of the page brings the two lines that define its apostrophe; the first ones are enough.
fn with_one_preamble(page: &str) -> String {
    let preamble: Vec<&str> = page.lines().take(2).collect();
    let lines = page.lines().enumerate().filter(|(at, line)| *at < 2 || !preamble.contains(line));
    lines.flat_map(|(_, line)| [line, "\n"]).collect()
}

/// The argument with the other names of its flag in its text.
fn with_aliases(arg: clap::Arg) -> clap::Arg {
    let aliases: Vec<String> =
        arg.get_visible_aliases().unwrap_or_default().iter().map(|alias| format!("--{alias}")).collect();
    if aliases.is_empty() {
        return arg;
    }
    let text = arg.get_long_help().or_else(|| arg.get_help()).map(ToString::to_string).unwrap_or_default();
    arg.long_help(format!("{text} (also: {})", aliases.join(", ")))
}

/// `Examples:` and indented lines below it, as a section of which no line is filled.
fn as_typed(page: &mut Roff, text: &str) {
    let (title, lines) = text.split_once('\n').unwrap_or(("Examples:", text));
    page.control("SH", [title.trim_end_matches(':').to_uppercase().as_str()]);
    page.control("nf", []);
    for line in lines.lines() {
        page.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
    }
    page.control("fi", []);
}
