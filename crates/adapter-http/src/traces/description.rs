//! What the API's description says of traces.

use std::{collections::BTreeMap, fmt::Write as _};

use serde_json::{Value, json};
use utoipa::{
    IntoParams, IntoResponses, ToSchema,
    openapi::{
        ContentBuilder, ObjectBuilder, Ref, RefOr, Required, Response, ResponseBuilder,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::{Schema, Type},
    },
};
use wts_domain::{Category, Language, Priority, Status};

use super::{dto::TraceDto, params::Params};
use crate::openapi::headers;

// It is written piece by piece, so it stands here as a whole only to be described.
/// The body of a good answer.
#[derive(ToSchema)]
#[schema(as = Traces)]
#[expect(dead_code, reason = "it is not made, only described")]
pub(crate) struct TracesBody<'a> {
    /// That it worked.
    #[schema(examples(true))]
    success: bool,
    /// The same, for people.
    #[schema(examples("query success"))]
    msg: String,
    /// What was done to the ticket, the oldest first, what happened at the same moment by ascending `opid`;
    /// with `order=desc` the other way round. Empty where nothing was done.
    traces: Vec<TraceDto<'a>>,
}

/// The answers to a request that nothing is wrong with.
pub(super) struct Good;

impl IntoResponses for Good {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let body = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name(TracesBody::name())))
            .example(Some(example()))
            .build();
        let (name, coding) = headers::content_encoding();
        let ok = ResponseBuilder::new()
            .description("The history, whole")
            .content("application/json", body)
            .header(name, coding)
            .build();
        let not_modified = ResponseBuilder::new()
            .description(
                "The client has this version already: it sent its `ETag` as `If-None-Match`",
            )
            .build();
        [("200", ok), ("304", not_modified)]
            .map(|(status, mut response)| {
                response.headers.extend(
                    headers::validators().map(|(name, header)| (name.to_owned(), header.into())),
                );
                (status.to_owned(), RefOr::T(response))
            })
            .into()
    }
}

impl IntoParams for Params {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let ticket = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[1-9][0-9]{0,18}$"))
            .examples(["123"]);
        let order = ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(["asc", "desc"]));
        let known = ObjectBuilder::new()
            .schema_type(Type::String)
            .examples(["W/\"4vsLrvSxvMbzBpJTrFhGqg\""]);
        vec![
            ParameterBuilder::new()
                .name("tid")
                .parameter_in(ParameterIn::Query)
                .required(Required::True)
                .description(Some(
                    "The ticket: a positive decimal number up to 2^63-1, without sign or leading zeros. Given once.",
                ))
                .schema(Some(ticket))
                .build(),
            ParameterBuilder::new()
                .name("order")
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .description(Some(
                    "The oldest trace first, or the newest. An operator decides for who does not say, or says `\"\"`; `asc` \
                     unless they do. Given once.",
                ))
                .schema(Some(order))
                .build(),
            ParameterBuilder::new()
                .name("If-None-Match")
                .parameter_in(ParameterIn::Header)
                .required(Required::False)
                .description(Some(
                    "The `ETag` of an answer that the client has kept: it is answered 304 if it still holds.",
                ))
                .schema(Some(known))
                .build(),
        ]
    }
}

/// Declares the schema of a field that holds a value of a closed list, or `""`.
macro_rules! closed_list {
    ($function:ident, $list:ty, $what:literal) => {
        pub(super) fn $function() -> Schema {
            let names = <$list>::ALL.iter().map(|value| value.as_str());
            let called = <$list>::ALL.iter().map(|value| format!("{value:?}"));
            let varnames: Value = ["Unchanged".to_owned()].into_iter().chain(called).collect();
            let mut description = concat!($what, ", `\"\"` if it stayed as it was.").to_owned();
            for value in <$list>::ALL {
                let [chinese, english] =
                    [Language::Chinese, Language::English].map(|language| value.label(language));
                // Writing to a text does not fail.
                let _ = write!(description, " `{value}`: {chinese}, {english}.");
            }
            ObjectBuilder::new()
                .schema_type(Type::String)
                .description(Some(description))
                .enum_values(Some([""].into_iter().chain(names)))
                // What generated clients call them, which is not to be guessed from `""`.
                .extensions(Some([("x-enum-varnames", varnames)].into_iter().collect()))
                .build()
                .into()
        }
    };
}

closed_list!(status, Status, "The status that the ticket was given");
closed_list!(priority, Priority, "The priority that the ticket was given");
closed_list!(category, Category, "What the ticket was found to be about");

/// The example of the API's document, and the two fields that it leaves out although its table has them.
fn example() -> Value {
    json!({
        "success": true,
        "msg": "query success",
        "traces": [
            {
                "opid": 1,
                "tid": 123,
                "updated_at": "2025-12-06T10:00:00Z",
                "op": "-1",
                "op_name": "(系统操作)",
                "new_status": "fresh",
                "new_priority": "mainline",
                "new_appointment": "",
                "new_category": "",
                "remark": "工单已创建",
            },
            {
                "opid": 3,
                "tid": 123,
                "updated_at": "2025-12-06T15:30:00Z",
                "op": "W007",
                "op_name": "詹姆斯",
                "new_status": "solved",
                "new_priority": "",
                "new_appointment": "",
                "new_category": "",
                "remark": "问题已解决,用户确认网络恢复正常。",
            },
        ],
    })
}
