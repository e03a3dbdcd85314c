//! The calls of the API as a person reads them: taken from its description, so that there is one list.

use serde_json::{Map, Value};

/// One call.
#[derive(Debug)]
pub struct Call {
    /// In capitals.
    pub method: String,
    /// With names in braces for what has to be filled in.
    pub path: String,
    /// What it does.
    pub summary: String,
    /// Whether it needs no credentials.
    pub is_open: bool,
    /// What may stand in its path and query.
    pub parameters: Vec<(String, String)>,
    /// Bodies that it takes, each as an example in JSON.
    pub bodies: Vec<String>,
    /// What it answers of its own: status and meaning.
    pub answers: Vec<(String, String)>,
    /// What is answered when all is well, as an example in JSON, if there is anything.
    pub example: Option<String>,
}

/// Reads them off an OpenAPI document. `common` are the answers that any call can get: they are said elsewhere.
#[must_use]
pub fn read(document: &Value, common: &[(&str, &str)]) -> Vec<Call> {
    let schemas = &document["components"]["schemas"];
    let mut calls = Vec::new();
    for (path, methods) in entries(&document["paths"]) {
        for (method, operation) in entries(methods) {
            calls.push(call(path, method, operation, schemas, common));
        }
    }
    calls
}

fn call(path: &str, method: &str, operation: &Value, schemas: &Value, common: &[(&str, &str)]) -> Call {
    let ways = operation["security"].as_array();
    let is_open = ways.is_some_and(|ways| ways.iter().any(|way| entries(way).next().is_none()));
    let parameter = |parameter: &Value| (text(&parameter["name"]), text(&parameter["description"]));
    let answers =
        entries(&operation["responses"]).map(|(status, answer)| (status.clone(), text(&answer["description"])));
    let is_own = |(status, meaning): &(String, String)| !common.contains(&(status.as_str(), meaning.as_str()));
    let good = entries(&operation["responses"]).find(|(status, _)| status.starts_with('2')).map(|(_, answer)| answer);
    let body = |content: &Value| schema(content).map(|schema| examples(schema, schemas)).unwrap_or_default();
    Call {
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        is_open,
        parameters: operation["parameters"].as_array().into_iter().flatten().map(parameter).collect(),
        bodies: body(&operation["requestBody"]).iter().map(ToString::to_string).collect(),
        answers: answers.filter(is_own).collect(),
        example: good.and_then(|answer| body(answer).first().map(ToString::to_string)),
    }
}

fn entries(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flat_map(Map::iter)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn schema(described: &Value) -> Option<&Value> {
    described["content"]["application/json"].get("schema")
}

/// What a value of this schema may look like, in each of its forms.
fn examples(schema: &Value, schemas: &Value) -> Vec<Value> {
    if let Some(example) = schema.get("example") {
        return vec![example.clone()];
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return examples(&schemas[name], schemas);
    }
    if let Some(forms) = schema["oneOf"].as_array() {
        return forms.iter().flat_map(|form| examples(form, schemas)).collect();
    }
    let first = |schema: &Value| examples(schema, schemas).into_iter().next().unwrap_or(Value::Null);
    vec![match schema["type"].as_str() {
        Some("object") => entries(&schema["properties"]).map(|(name, schema)| (name.clone(), first(schema))).collect(),
        Some("array") => Value::Array(vec![first(&schema["items"])]),
        Some("integer") => 1.into(),
        _ => "…".into(),
    }]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_call_is_read_with_an_example_of_each_form() {
        let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
        let named = json!({ "type": "object", "properties": { "name": { "type": "string", "example": "Ada" } } });
        let document = json!({
            "paths": { "/api/x/{name}": { "post": {
                "summary": "Does it.",
                "security": [{}, { "simulator": [] }],
                "parameters": [{ "name": "name", "in": "path", "description": "Whose" }],
                "requestBody": { "content": { "application/json": { "schema": reference("Either") } } },
                "responses": {
                    "200": { "description": "Done", "content": { "application/json": { "schema":
                        { "type": "array", "items": reference("Named") } } } },
                    "500": { "description": "Our fault" },
                },
            } } },
            "components": { "schemas": { "Either": { "oneOf": [reference("Named"), { "type": "integer" }] }, "Named": named } },
        });
        let calls = read(&document, &[("500", "Our fault")]);
        let [call] = calls.as_slice() else { panic!("{calls:?}") };
        assert_eq!((call.method.as_str(), call.path.as_str(), call.is_open), ("POST", "/api/x/{name}", true));
        assert_eq!(call.parameters, [("name".to_owned(), "Whose".to_owned())]);
        assert_eq!(call.bodies, [r#"{"name":"Ada"}"#, "1"]);
        assert_eq!(call.answers, [("200".to_owned(), "Done".to_owned())]);
        assert_eq!(call.example.as_deref(), Some(r#"[{"name":"Ada"}]"#));
    }
}
