//! What a form of the pages asks for, as a request.

use gto::Request;
use gto_frontend::text::clean;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::view::params::Params;

/// The request of these fields. The library reads names and versions, as it does those of the API.
pub fn request(fields: &Params) -> Result<Request, Failure> {
    let need = |name: &str| {
        let missing =
            || Failure::invalid(format!("The field `{name}` is empty")).hint("go back, and fill it in");
        fields.get(name).ok_or_else(missing)
    };
    let (action, artifact, message) = (need("action")?, need("artifact")?, fields.get("message"));
    // What is so already is shown as that.
    let tag = json!({ "message": message, "expect": fields.get("expect"), "exist_ok": true });
    let about = |more: Value| {
        let mut all = json!({ "action": action, "artifact": artifact, "tag": tag });
        if let (Some(all), Value::Object(more)) = (all.as_object_mut(), more) {
            all.extend(more);
        }
        all
    };
    let wanted = match action {
        "register" => {
            let revision = fields.get("revision").unwrap_or("HEAD");
            let new = json!({ "version": fields.get("version"), "message": message, "exist_ok": true });
            json!({ "action": action, "artifact": artifact, "revision": revision, "new": new })
        }
        "assign" => about(json!({ "stage": need("stage")?, "target": { "version": need("version")? } })),
        "rollback" => about(json!({ "stage": need("stage")? })),
        "unassign" => about(json!({ "stage": need("stage")?, "version": fields.get("version") })),
        "deregister" => about(json!({ "version": need("version")? })),
        "deprecate" => about(json!({})),
        "approve" => about(json!({ "stage": need("stage")?, "version": { "version": need("version")? } })),
        _ => return Err(Failure::invalid(format!("'{}' is no action", action.escape_debug()))),
    };
    serde_json::from_value(wanted).map_err(|error| {
        Failure::invalid(format!("This cannot be asked for: {}", clean(&error.to_string())))
            .hint("go back, and correct it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::command;

    #[test]
    fn every_form_is_the_command_that_a_person_would_type() {
        for (form, wanted) in [
            ("action=register&artifact=nlp:m", "gto register nlp:m"),
            (
                "action=register&artifact=m&revision=main&version=v2.0.0&message=a+b",
                "gto register m main --version v2.0.0 --message 'a b'",
            ),
            (
                "action=assign&artifact=m&stage=prod&version=v1.0.0",
                "gto assign m --version v1.0.0 --stage prod",
            ),
            ("action=rollback&artifact=m&stage=prod", "gto rollback m prod"),
            ("action=unassign&artifact=m&stage=prod&version=v1.0.0", "gto unassign m prod v1.0.0"),
            ("action=deregister&artifact=m&version=v1.0.0", "gto deregister m v1.0.0"),
            ("action=deprecate&artifact=m", "gto deprecate m"),
            (
                "action=approve&artifact=m&stage=prod&version=v1.0.0&message=ok",
                "gto approve m@v1.0.0 --stage prod --message ok",
            ),
        ] {
            let request = request(&Params::form(form.as_bytes())).unwrap();
            assert_eq!(command::of(&request).as_deref(), Some(wanted), "{form}");
        }
    }

    #[test]
    fn a_form_that_asks_for_nothing_that_can_be_is_refused() {
        for form in [
            "",
            "action=assign",
            "action=annotate&artifact=m",
            "action=assign&artifact=m&stage=prod",
            "action=assign&artifact=..%2F&stage=prod&version=v1.0.0",
            "action=assign&artifact=m&stage=a%20b&version=v1.0.0",
            "action=assign&artifact=m&stage=prod&version=%3Cscript%3E",
            "action=%00&artifact=m",
        ] {
            assert!(request(&Params::form(form.as_bytes())).is_err(), "{form}");
        }
    }
}
