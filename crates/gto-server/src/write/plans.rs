//! Planning, and applying what was planned.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use gto::rules::Undo;
use gto::signing::Sign;
use gto::{Applied, Author, Plan, Registry, Request, WriteOptions};

use gto_frontend::text::shell_quote;

use crate::app::App;
use crate::auth::actor::Actor;
use crate::auth::secret::Secret;
use crate::config::settings::WriteMode;
use crate::failure::Failure;
use crate::state::repository::ServedRepository;
use crate::write::command;
use crate::write::waiting::Waiting;

/// What was planned.
pub struct Planned {
    pub id: String,
    pub plan: Plan,
    pub command: String,
}

/// The answer where there is no such plan.
pub fn missing() -> Failure {
    Failure::not_found("There is no such plan: it was applied, or is older than 15 minutes")
        .hint("plan it again")
}

/// Plans a request, and keeps the plan.
pub fn plan(
    app: &App,
    actor: &Actor,
    repository: &ServedRepository,
    request: Request,
) -> Result<Planned, Failure> {
    let command = check(app, repository, &request)?;
    answers(repository)?;
    let options = WriteOptions::default();
    let registry = repository.open()?;
    let request = in_name_of(app, actor, &registry, request)?;
    let (plan, is_signed) = signed_if_needed(&registry, request, &options)?;
    let command = if is_signed { format!("{command} --sign") } else { command };
    let id = Secret::random()
        .map_err(|_| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "The system has no random numbers"))?;
    let id = id.expose().to_owned();
    let repo = repository.id.to_string();
    let waiting = Waiting {
        actor: actor.clone(),
        repo,
        plan: plan.clone(),
        command: command.clone(),
        options,
        made: Instant::now(),
    };
    app.plans.keep(id.clone(), waiting);
    Ok(Planned { id, plan, command })
}

/// Plans it, and signed where the policy refuses it as it is: who presses a button cannot ask for that. Returns whether that was so.
fn signed_if_needed(
    registry: &Registry,
    request: Request,
    options: &WriteOptions,
) -> Result<(Plan, bool), Failure> {
    let refused = match registry.plan_with(&request, options) {
        Ok(plan) => return Ok((plan, false)),
        Err(refused) => refused,
    };
    let is_open = request.author().sign == Sign::AsConfigured;
    if !is_open || !matches!(refused, gto::Error::PolicyViolated { .. }) {
        return Err(refused.into());
    }
    let author = Author { sign: Sign::Always(None), ..request.author().clone() };
    let signed = registry.plan_with(&request.with_author(author), options);
    Ok((signed.map_err(|_| refused)?, true))
}

/// Refuses where nothing can be read: to open it would not come to an end.
pub fn answers(repository: &ServedRepository) -> Result<(), Failure> {
    let picture = repository.picture();
    if picture.registry.is_some() {
        return Ok(());
    }
    let why = picture.failing.as_ref().map(|failing| format!(": {}", failing.reason)).unwrap_or_default();
    Err(Failure::new(StatusCode::SERVICE_UNAVAILABLE, format!("'{}' cannot be read now{why}", repository.id))
        .hint("the page `/health` says since when"))
}

/// Whether this server writes at all; and the command that does what is asked for.
pub fn check(app: &App, repository: &ServedRepository, request: &Request) -> Result<String, Failure> {
    let command = command::of(request).ok_or_else(|| {
        Failure::invalid("This server writes tags, and this request is about something else")
            .hint("change annotations with `gto annotate`, and commit them")
    })?;
    let command = format!("{command} --repo {}", shell_quote(&repository.shown_source()));
    if app.settings.write == WriteMode::Off {
        return Err(Failure::new(StatusCode::FORBIDDEN, "This server only shows registries")
            .hint(format!("type `{command}`, or start the server with `--write local`")));
    }
    Ok(command)
}

/// The request in the name in which this server writes: the person's own, or the server's for a user. What a client says about
/// that counts only where it is the person at this machine.
pub fn in_name_of(
    app: &App,
    actor: &Actor,
    registry: &Registry,
    request: Request,
) -> Result<Request, Failure> {
    if app.settings.write != WriteMode::Service {
        return Ok(request);
    }
    let refuse = |detail: &str, hint: &str| Err(Failure::new(StatusCode::FORBIDDEN, detail).hint(hint));
    let Some(user) = actor.name() else {
        return refuse("It is not known who asks", "come by way of the proxy that names users");
    };
    if deletes(&request) {
        return refuse(
            "This server deletes no tags: nothing would say who did",
            "leave out `undo`, so that a tag says it; or delete them in a clone",
        );
    }
    may_serve(registry)?;
    let override_reason = request.author().override_reason.clone();
    let actor = Some(user.to_owned());
    Ok(request.with_author(Author { sign: Sign::Always(None), override_reason, actor, ..Author::default() }))
}

/// Refuses to write for users where no policy lets this server: nobody would believe for whom it wrote.
fn may_serve(registry: &Registry) -> Result<(), Failure> {
    let refuse = |detail: String, hint: &str| Err(Failure::new(StatusCode::FORBIDDEN, detail).hint(hint));
    let policy = registry.policy_in_force()?;
    let Some((policy, service)) =
        policy.as_ref().and_then(|policy| Some((policy, policy.policy.service.as_ref()?)))
    else {
        return refuse(
            "This server writes for its users only where a policy says who may do what".to_owned(),
            "name the group of the server's key in `.gto-policy.yaml`, as `service: {by: [bots]}`",
        );
    };
    match registry.distrust_of_service(policy, service)? {
        None => Ok(()),
        Some(why) => refuse(
            format!("This server may not write for its users: {why}"),
            "whoever runs it adds its public key to `.gto-policy/keys`, and its address or key to a group of `service: by` in \
             `.gto-policy.yaml`",
        ),
    }
}

fn deletes(request: &Request) -> bool {
    match request {
        Request::Unassign { undo, .. }
        | Request::Deregister { undo, .. }
        | Request::Deprecate { undo, .. } => *undo == Undo::ByDeletion,
        _ => false,
    }
}

/// What was applied, unless a push broke off in the middle.
pub fn whole(applied: Applied) -> Result<Applied, Failure> {
    let Some(failure) = &applied.failure else { return Ok(applied) };
    let detail = format!("Not all was done: the push to '{}' broke off", failure.remote);
    Err(Failure::new(StatusCode::BAD_GATEWAY, detail)
        .hint("`gto doctor` in a clone shows which tags are where"))
}

/// Applies a kept plan. The registry judges it again.
pub fn apply(
    app: &App,
    actor: &Actor,
    repository: &ServedRepository,
    id: &str,
) -> Result<(Plan, Applied), Failure> {
    let waiting = app.plans.take(id, actor, &repository.id).ok_or_else(missing)?;
    match applied(app, repository, &waiting) {
        Ok(applied) => {
            see(app, repository);
            Ok((waiting.plan, applied))
        }
        Err(failure) => {
            // Something else is at work there: the same plan may be applied a moment later.
            if failure.status() == StatusCode::SERVICE_UNAVAILABLE {
                app.plans.keep(id.to_owned(), waiting);
            }
            Err(failure)
        }
    }
}

fn applied(app: &App, repository: &ServedRepository, waiting: &Waiting) -> Result<Applied, Failure> {
    answers(repository)?;
    let registry = repository.open()?;
    if app.settings.write == WriteMode::Service {
        // The policy may be another by now.
        may_serve(&registry)?;
    }
    Ok(registry.apply(&waiting.plan, &waiting.options)?)
}

/// Looks at a repository that was written to, and waits a moment for that: who writes, reads next.
pub fn see(app: &App, repository: &ServedRepository) {
    let before = repository.picture().serial;
    app.refresher.hint(&repository.id);
    let start = Instant::now();
    // A look at a remote one asks a host.
    let at_most = Duration::from_millis(if repository.is_remote() { 5000 } else { 500 });
    while repository.picture().serial == before && start.elapsed() < at_most {
        std::thread::sleep(Duration::from_millis(5));
    }
}
