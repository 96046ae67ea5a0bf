//! The description of the API says what the table says, and points nowhere into the void.

use std::collections::BTreeSet;

use serde_json::Value;
use tillroll_gateway::OPENAPI;
use tillroll_gateway::routes::{Access, Key, Parameters, ROUTES, Route, Target};
use tillroll_http::{Role, problems};

use crate::world::{World, concrete};

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

fn document() -> Value {
    serde_json::from_str(OPENAPI).unwrap()
}

fn operation<'a>(document: &'a Value, route: &Route) -> &'a Value {
    &document["paths"][route.path][route.method.as_str().to_lowercase()]
}

/// The value that a `$ref` stands for, or the value itself.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(pointer) => document.pointer(pointer.strip_prefix('#').unwrap()).unwrap_or_else(|| panic!("{pointer}")),
        None => value,
    }
}

#[test]
fn it_has_exactly_the_routes_of_the_table() {
    let document = document();
    let mut described = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys().filter(|key| METHODS.contains(&key.as_str())) {
            described.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let routed: BTreeSet<_> = ROUTES.iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    assert_eq!(described, routed);
    assert_eq!(document["servers"][0]["url"], "/api/v1");
}

#[test]
fn scopes_keys_bodies_and_parameters_are_those_of_the_table() {
    let document = document();
    for route in ROUTES {
        let operation = operation(&document, route);
        // OpenAPI's list is of alternatives, each of which is enough.
        let alternatives = route.access.scopes().iter().map(|scope| serde_json::json!({"accessToken": [scope]}));
        assert_eq!(operation["security"], Value::Array(alternatives.collect()), "{route:?}");
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let parameters: Vec<_> = parameters.iter().map(|parameter| resolved(&document, parameter)).collect();
        let asked = parameters.iter().any(|parameter| parameter["in"] == "query");
        assert_eq!(asked, route.parameters == Parameters::Some, "{route:?}");
        let key = parameters.iter().find(|parameter| parameter["name"] == "Idempotency-Key");
        let required = key.is_some_and(|key| key["required"] == true);
        assert_eq!(required, route.key == Key::Required, "{route:?}");
        assert_eq!(key.is_some(), !route.is_query(), "{route:?}");
        assert_eq!(operation.get("requestBody").is_some(), route.body > 0, "{route:?}");
        if let Some(body) = operation.get("requestBody") {
            assert!(body["description"].as_str().unwrap().contains(&route.body.to_string()), "{route:?}");
        }
    }
}

#[test]
fn every_operation_says_what_goes_wrong_and_what_it_is_called() {
    let document = document();
    let mut names = BTreeSet::new();
    for route in ROUTES {
        let operation = operation(&document, route);
        assert!(names.insert(operation["operationId"].as_str().unwrap()), "{route:?}");
        let statuses: BTreeSet<_> = operation["responses"].as_object().unwrap().keys().map(String::as_str).collect();
        assert!(statuses.iter().any(|status| status.starts_with('2')), "{route:?}");
        assert!(statuses.contains("400"), "{route:?}");
        if matches!(route.target, Target::Role(_)) {
            assert!(statuses.is_superset(&["401", "413", "414", "431", "500", "503"].into()), "{route:?}");
            assert_eq!(statuses.contains("408"), route.body > 0, "{route:?}");
            assert_eq!(statuses.contains("504"), route.is_query(), "{route:?}");
            assert_eq!(statuses.contains("304"), route.is_query(), "{route:?}");
        }
        if route.access != Access::Public {
            assert!(statuses.is_superset(&["401", "403", "500", "503"].into()), "{route:?}");
        }
        if route.body > 0 {
            assert!(statuses.is_superset(&["409", "413", "415", "422"].into()), "{route:?}");
        }
        let in_path = route.path.matches('{').count();
        let item = &document["paths"][route.path];
        let shared = item["parameters"].as_array().map_or(0, Vec::len);
        assert_eq!(shared, in_path, "{route:?}");
    }
}

fn walk(document: &Value, value: &Value, referred: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(pointer) = members.get("$ref").and_then(Value::as_str) {
                resolved(document, value);
                referred.insert(pointer.to_owned());
            }
            members.values().for_each(|member| walk(document, member, referred));
        }
        Value::Array(items) => items.iter().for_each(|item| walk(document, item, referred)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    let document = document();
    let mut referred = BTreeSet::new();
    walk(&document, &document, &mut referred);
    for kind in ["schemas", "parameters", "headers", "responses"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            assert!(referred.contains(&format!("#/components/{kind}/{name}")), "{kind} {name} is not used");
        }
    }
}

/// The members that a schema of an object knows, and those that it requires; of its parts too.
fn members<'a>(
    document: &'a Value,
    schema: &'a Value,
    known: &mut BTreeSet<&'a str>,
    required: &mut BTreeSet<&'a str>,
) {
    let schema = resolved(document, schema);
    known.extend(schema["properties"].as_object().iter().flat_map(|members| members.keys().map(String::as_str)));
    required.extend(schema["required"].as_array().iter().copied().flatten().filter_map(Value::as_str));
    schema["allOf"].as_array().iter().copied().flatten().for_each(|part| members(document, part, known, required));
}

/// Examples of orders, and of whatever else names its members, have those that are required and no other.
fn assert_examples(document: &Value, value: &Value, checked: &mut usize) {
    if let Some((schema, example)) = value.get("schema").zip(value.get("example")) {
        let (mut known, mut required) = (BTreeSet::new(), BTreeSet::new());
        members(document, schema, &mut known, &mut required);
        if let (Some(example), false) = (example.as_object(), known.is_empty()) {
            let given: BTreeSet<_> = example.keys().map(String::as_str).collect();
            assert!(given.is_superset(&required) && given.is_subset(&known), "{schema}: {given:?}, {required:?}");
            *checked += 1;
        }
    }
    match value {
        Value::Object(inner) => inner.values().for_each(|value| assert_examples(document, value, checked)),
        Value::Array(inner) => inner.iter().for_each(|value| assert_examples(document, value, checked)),
        _ => {}
    }
}

#[test]
fn every_example_has_the_members_of_its_schema() {
    let (document, mut checked) = (document(), 0);
    assert_examples(&document, &document["paths"], &mut checked);
    assert!(checked >= 10, "{checked}");
}

#[test]
fn when_an_order_was_recorded_is_known_to_reads_only() {
    let document = document();
    for route in ROUTES.iter().filter(|route| route.path.starts_with("/orders") && !route.path.ends_with("/invoice")) {
        let said = operation(&document, route)["responses"].to_string();
        let answers_reads = said.contains("schemas/Order\"") || said.contains("OrderPage") || said.contains("History");
        assert_eq!(answers_reads, route.is_query(), "{route:?}");
        assert_eq!(said.contains("recorded_at"), route.is_query(), "{route:?}");
    }
}

#[test]
fn every_scope_is_one_that_a_role_gives() {
    for route in ROUTES {
        for scope in route.access.scopes() {
            assert!(Role::ALL.iter().any(|role| role.scopes().contains(scope)), "{scope}");
        }
    }
}

/// What the door itself answers to requests that it does not take.
#[tokio::test]
async fn what_the_door_refuses_is_described() {
    let (document, world) = (document(), World::new().await);
    let bearer = format!("Bearer {}", world.token(Role::Customer));
    let (long, large) = (format!("?{}", "x".repeat(9_000)), "x".repeat(40_000));
    for route in ROUTES.iter().filter(|route| matches!(route.target, Target::Role(_))) {
        let (method, path) = (route.method.as_str(), concrete(route));
        let customer = [("authorization", bearer.as_str()), ("idempotency-key", "k")];
        let answers = [
            world.call(method, &path, &[("authorization", "Bearer nobody")], "").await,
            world.call(method, &path, &customer, &"x".repeat(route.body + 1)).await,
            world.call(method, &path, &[("idempotency-key", "a b")], "").await,
            world.call(method, &format!("{path}{long}"), &[], "").await,
            world.call(method, &path, &[("x-large", &large)], "").await,
        ];
        for answer in answers {
            let status = answer.status.to_string();
            let described = operation(&document, route)["responses"].get(&status);
            let described = resolved(&document, described.unwrap_or_else(|| panic!("{method} {path}: {status}")));
            let media_type = answer.header("content-type").unwrap_or_default();
            let content = described["content"].as_object();
            assert_eq!(
                content.is_some_and(|types| types.contains_key(media_type)),
                !media_type.is_empty(),
                "{answer:?}"
            );
            for name in ["retry-after", "www-authenticate"] {
                let known = described["headers"].as_object();
                let known = known.is_some_and(|names| names.keys().any(|held| held.eq_ignore_ascii_case(name)));
                assert_eq!(answer.header(name).is_some(), known, "{name}: {answer:?}");
            }
        }
    }
}

#[tokio::test]
async fn the_gateway_serves_it_under_both_paths() {
    let world = World::new().await;
    for path in ["/openapi.json", "/api/v1/openapi.json"] {
        let answer = world.call("GET", path, &[], "").await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
        assert_eq!(answer.json(), document());
    }
}

#[tokio::test]
async fn the_type_of_every_problem_leads_to_what_it_means() {
    let world = World::new().await;
    let about = |of: &'static str| {
        let (world, path) = (&world, format!("/problems/{of}"));
        async move { (world.call("GET", &path, &[], "").await, path) }
    };
    for kind in problems::ALL {
        let (answer, path) = about(kind.code).await;
        let (said, status) = (answer.json(), kind.status.as_u16());
        assert_eq!((answer.status, &said["type"], &said["status"]), (200, &path.into(), &status.into()), "{said}");
        assert_eq!((said["code"].as_str(), said["detail"].as_str()), (Some(kind.code), Some(kind.doc)));
    }
    let (unknown, path) = about("no_such_code").await;
    assert_eq!(
        (unknown.status, unknown.code().as_str(), &unknown.json()["instance"]),
        (404, "not_found", &path.into())
    );
}
