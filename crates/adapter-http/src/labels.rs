//! The labels of the domain's enums (status, priority, category and rank) for the OpenAPI description.

use serde_json::Value;
use utoipa::openapi::{
    ObjectBuilder,
    schema::{Schema, Type},
};

/// A value of an enum, with its labels.
pub(crate) struct EnumValue {
    /// The name of the value in JSON.
    pub(crate) name: &'static str,
    /// The name of the Rust variant.
    pub(crate) variant: String,
    /// The labels of the value, each with its language tag (BCP 47).
    pub(crate) labels: Vec<(&'static str, &'static str)>,
}

/// Returns all values of an enum with their labels. It is a macro because the enums have no common trait.
macro_rules! enum_values {
    ($enum:ty) => {{
        let languages = wts_domain::Language::ALL.iter();
        let values = <$enum>::ALL.iter();
        let values = values.map(|value| $crate::labels::EnumValue {
            name: value.as_str(),
            variant: format!("{value:?}"),
            labels: languages
                .clone()
                .map(|language| (language.as_str(), value.label(*language)))
                .collect(),
        });
        values.collect::<Vec<_>>()
    }};
}

pub(crate) use enum_values;

/// Returns `introduction`, followed by the name and the labels of each value.
pub(crate) fn labels_text(introduction: &str, values: &[EnumValue]) -> String {
    let mut text = introduction.to_owned();
    for EnumValue { name, labels, .. } in values {
        let labels: Vec<_> = labels.iter().map(|(_, label)| *label).collect();
        text.extend([" `", name, "`: ", &labels.join(", "), "."]);
    }
    text
}

/// Returns a JSON object with the labels of each value by name and language.
pub(crate) fn labels_json(values: &[EnumValue]) -> Value {
    let values = values.iter();
    values
        .map(|value| {
            let labels: Value = value.labels.iter().copied().collect();
            (value.name, labels)
        })
        .collect()
}

/// Returns the schema of a field that a trace can change. It contains the name of a value, or `""` if the trace did not
/// change the field.
pub(crate) fn new_value_schema(description: &str, values: &[EnumValue]) -> Schema {
    let description = format!("{description}; `\"\"` if unchanged.");
    enum_schema(&description, Some("Unchanged"), values)
}

/// Returns the schema of a field that holds the name of a value. If `""` has a variant name, the field can also be `""`.
pub(crate) fn enum_schema(
    description: &str,
    empty: Option<&'static str>,
    values: &[EnumValue],
) -> Schema {
    let names = values.iter().map(|value| value.name);
    let variants = values.iter().map(|value| value.variant.as_str());
    let varnames: Value = empty.into_iter().chain(variants).collect();
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(labels_text(description, values)))
        .enum_values(Some(empty.map(|_| "").into_iter().chain(names)))
        // The names of the values in generated clients. Generators cannot derive a name from `""`.
        .extensions(Some([("x-enum-varnames", varnames)].into_iter().collect()))
        .build()
        .into()
}
