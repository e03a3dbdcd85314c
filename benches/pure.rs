//! What needs neither a database nor a network: `cargo bench`.
//!
//! The figures are for comparing a change with the commit before it on one machine; goals are
//! `scripts/bench`'s business.

use std::hint::black_box;

use askama::filters::Escaper;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use minitwit::{
    domain::{MessageRules, MessageText, UserId, Username},
    features::avatars::identicon,
    http::html::{ContractEscaper, machine_time, profile_path, shown_time},
};

/// As long as most.
const PLAIN: &str =
    "From hour to hour yesterday I saw my white face of it, and nobody had watered the second-best hat.";
/// Every character that is escaped, and some that only look dangerous.
const HOSTILE: &str = r#"<script>alert("Ü & co's 'hat'")</script> <a href="javascript:x()">“hé” → 🦀</a>"#;
/// As they are by default.
const LIMITS: MessageRules = MessageRules { max_length: 500, max_bytes: 12_500 };

fn escaping(c: &mut Criterion) {
    let mut group = c.benchmark_group("escape");
    for (name, text) in [("plain", PLAIN), ("hostile", HOSTILE)] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |b| {
            let mut out = String::with_capacity(1024);
            b.iter(|| {
                out.clear();
                ContractEscaper.write_escaped_str(&mut out, black_box(text)).map(|()| out.len())
            });
        });
    }
    group.finish();
}

/// What a message of a timeline costs beside its text.
fn parts_of_a_message(c: &mut Criterion) {
    let mut group = c.benchmark_group("message");
    group.bench_function("shown_time", |b| b.iter(|| shown_time(black_box(&1_582_246_862))));
    group.bench_function("machine_time", |b| b.iter(|| machine_time(black_box(&1_582_246_862))));
    group.bench_function("profile_path", |b| b.iter(|| profile_path(black_box("Åsa O'Quill"))));
    group.finish();
}

fn avatars(c: &mut Criterion) {
    c.bench_function("identicon", |b| b.iter(|| identicon(black_box(UserId(4711)))));
}

fn parsing(c: &mut Criterion) {
    let mut group = c.benchmark_group("parse");
    for (name, raw) in [("ascii", "Roger Histand"), ("unicode", "Åsa O'Quill"), ("refused", "a/b")] {
        group.bench_function(format!("username/{name}"), |b| b.iter(|| Username::parse(black_box(raw))));
    }
    let long = PLAIN.repeat(5);
    let letters = "é".repeat(LIMITS.max_length);
    for (name, raw) in [("short", PLAIN), ("too long", long.as_str()), ("500 letters", letters.as_str())] {
        group.bench_function(format!("text/{name}"), |b| b.iter(|| MessageText::parse(black_box(raw), LIMITS)));
    }
    group.finish();
}

criterion_group!(benches, escaping, parts_of_a_message, avatars, parsing);
criterion_main!(benches);
