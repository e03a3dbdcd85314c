//! What the database tells.

use std::time::{SystemTime, UNIX_EPOCH};

use indicatif::HumanBytes;

use super::finding::Finding;
use crate::{
    config::Settings,
    db::{
        Backend, DbConnection, Target,
        capacity::{self, Fit},
        indexes, migrations, server_info,
        soundness::{Soundness, look_into_pages},
    },
};

/// The oldest Postgres that its makers still mend; the tests run on 15 and newer.
const OLDEST_POSTGRES: i32 = 14;
/// Seconds between two clocks that nobody notices, and that sessions and logs do not forgive.
const NOTICED: f64 = 2.0;
const UNFORGIVEN: f64 = 60.0;

/// Bytes of a SQLite file that is looked into page by page; more takes longer than a doctor should.
const LARGE: i64 = 2 << 30;

/// Asks one thing; `None` where there is nothing to ask.
type Check = fn(&mut DbConnection, &Settings) -> anyhow::Result<Option<Finding>>;

/// Everything that is asked of the database.
pub(super) fn check(settings: &Settings) -> Vec<Finding> {
    const CHECK: &str = "database";
    let target = match Target::parse(&settings.database.url) {
        Ok(target) => target,
        Err(why) => return vec![Finding::failure(CHECK, why.to_string(), "set MINITWIT__DATABASE__URL")],
    };
    if let Target::Sqlite(file) = &target
        && !file.exists()
        && super::machine::folder_of(file).is_dir()
    {
        // Before the first start this is as it should be.
        let found = format!("{} is not there yet", target.place());
        return vec![Finding::warning(CHECK, found, "minitwit migrate makes it, and so does the first start")];
    }
    let mut conn = match target.connect_to_look() {
        Ok(conn) => conn,
        Err(why) => {
            let advice = match target.backend() {
                Backend::Postgres => "start Postgres, or correct MINITWIT__DATABASE__URL; the rest was not looked at",
                Backend::Sqlite => {
                    "correct MINITWIT__DATABASE__URL, or the rights on the folder; the rest was not looked at"
                }
            };
            return vec![Finding::failure(CHECK, format!("{why:#}"), advice)];
        }
    };
    let conn = &mut conn;
    let checks: [Check; 6] = [pending, missing_indexes, soundness, connections, role, clock];
    let mut findings = vec![product(conn, &target).unwrap_or_else(|why| failed(CHECK, &why))];
    for check in checks {
        match check(conn, settings) {
            Ok(finding) => findings.extend(finding),
            Err(why) => findings.push(failed(CHECK, &why)),
        }
    }
    findings
}

fn failed(check: &'static str, why: &anyhow::Error) -> Finding {
    Finding::failure(check, format!("{why:#}"), "this may be a right that the role lacks, or a bug of ours")
}

fn product(conn: &mut DbConnection, target: &Target) -> anyhow::Result<Finding> {
    const CHECK: &str = "database";
    let info = server_info::find(conn)?;
    let found = format!("{}, {}", info.product, target.place());
    Ok(match info.major {
        Some(major) if major < OLDEST_POSTGRES => {
            Finding::warning(CHECK, found, "move to a Postgres that still gets its security fixes: 17")
        }
        _ => Finding::ok(CHECK, found),
    })
}

fn pending(conn: &mut DbConnection, settings: &Settings) -> anyhow::Result<Option<Finding>> {
    const CHECK: &str = "migrations";
    let known = migrations::known();
    let applied = migrations::applied(conn)?;
    let missing: Vec<&str> = known.iter().filter(|name| !applied.contains(name)).map(String::as_str).collect();
    let unknown = applied.iter().filter(|name| !known.contains(name)).count();
    Ok(Some(if !missing.is_empty() {
        Finding::bad(
            !settings.database.migrate_at_start,
            CHECK,
            format!("pending: {}", missing.join(", ")),
            "run minitwit migrate; with database.migrate_at_start the next start does it",
        )
    } else if unknown > 0 {
        Finding::warning(
            CHECK,
            format!("{unknown} that this release does not know: the database is newer"),
            "finish the roll-out, or go back before the next upgrade",
        )
    } else {
        Finding::ok(CHECK, format!("all {} applied", known.len()))
    }))
}

fn missing_indexes(conn: &mut DbConnection, settings: &Settings) -> anyhow::Result<Option<Finding>> {
    const CHECK: &str = "indexes";
    // Without its tables it has no indexes; the migrations say so already.
    if migrations::applied(conn)?.is_empty() {
        return Ok(None);
    }
    let missing = indexes::find_missing(conn)?;
    if missing.is_empty() {
        return Ok(Some(Finding::ok(CHECK, format!("all {} there", indexes::count_wanted()?))));
    }
    let is_postgres = Target::parse(&settings.database.url)?.backend() == Backend::Postgres;
    let (mut found, mut advice) = (Vec::new(), Vec::new());
    for index in missing {
        let what = format!("{} ({})", index.table_name, index.columns);
        found.push(if index.is_valid { format!("none on {what}") } else { format!("an unfinished one on {what}") });
        let statement = match index.definition {
            Some(statement) if is_postgres => statement.replacen("CREATE INDEX", "CREATE INDEX CONCURRENTLY", 1),
            Some(statement) => statement,
            None => format!("ALTER TABLE {} ADD UNIQUE ({})", index.table_name, index.columns),
        };
        advice.push(if index.is_valid { statement } else { format!("DROP INDEX {}; {statement}", index.name) });
    }
    Ok(Some(Finding::failure(CHECK, found.join("; "), format!("{};", advice.join("; ")))))
}

fn soundness(conn: &mut DbConnection, settings: &Settings) -> anyhow::Result<Option<Finding>> {
    const CHECK: &str = "database's pages";
    // What is badly damaged fails the look itself.
    let found = look_into_pages(conn, LARGE).or_else(|why| anyhow::Ok(Some(Soundness::Damaged(why.to_string()))))?;
    let size = |count: i64| HumanBytes(count.unsigned_abs());
    Ok(found.map(|found| match found {
        Soundness::Sound(count) => Finding::ok(CHECK, format!("sound (quick_check of {})", size(count))),
        Soundness::TooLarge(count) => {
            let place = Target::parse(&settings.database.url).map(|target| target.place()).unwrap_or_default();
            Finding::warning(
                CHECK,
                format!("not looked at: {} would take long", size(count)),
                format!("in a quiet hour: sqlite3 {place} 'PRAGMA quick_check'"),
            )
        }
        Soundness::Orphans(table) => Finding::failure(
            CHECK,
            format!("rows of {table} refer to rows that are not there: no backup can be restored"),
            "PRAGMA foreign_key_check in sqlite3 names them: delete them; and PRAGMA foreign_keys = ON before other \
             programs write",
        ),
        Soundness::Damaged(why) => Finding::failure(
            CHECK,
            format!("damaged: {why}"),
            "stop Minitwit, keep the three files, and restore the newest backup (docs/OPERATIONS.md, Restore at night)",
        ),
    }))
}

fn connections(conn: &mut DbConnection, settings: &Settings) -> anyhow::Result<Option<Finding>> {
    const CHECK: &str = "connections";
    let Some(capacity) = capacity::find(conn)? else { return Ok(None) };
    let (usable, left) = (capacity.usable, capacity.left_by_others);
    let found = format!(
        "{} x {} wanted, {usable} allowed{}, {} in use by others, {} by Minitwits",
        settings.database.replicas,
        settings.database.pool_size,
        if capacity.own_limit.is_some() { " by the role's or the database's own limit" } else { "" },
        usable - left.min(usable),
        capacity.ours
    );
    let advice = "lower MINITWIT__DATABASE__POOL_SIZE, or raise max_connections (or the limit)";
    Ok(Some(match capacity.judge(&settings.database) {
        Fit::Never => Finding::failure(CHECK, found, advice),
        Fit::NotBesideOthers => Finding::warning(CHECK, found, advice),
        Fit::NotInARollOut => {
            let advice = format!("a roll-out has one replica more for a while: {advice}");
            Finding::warning(CHECK, found, advice)
        }
        Fit::Always => Finding::ok(CHECK, found),
    }))
}

fn role(conn: &mut DbConnection, _: &Settings) -> anyhow::Result<Option<Finding>> {
    const CHECK: &str = "database role";
    Ok(server_info::find(conn)?.role.map(|(role, is_superuser)| {
        if is_superuser {
            Finding::warning(
                CHECK,
                format!("{role} is a superuser: whoever gets in through Minitwit has the whole server"),
                "use a role that owns Minitwit's database and no more",
            )
        } else {
            Finding::ok(CHECK, format!("{role}, no superuser"))
        }
    }))
}

fn clock(conn: &mut DbConnection, _: &Settings) -> anyhow::Result<Option<Finding>> {
    const CHECK: &str = "clock";
    let before = now();
    let Some(theirs) = server_info::find_clock(conn)? else { return Ok(None) };
    let after = now();
    // Half of the way there and back.
    let apart = (theirs - f64::midpoint(before, after)).abs() - (after - before) / 2.0;
    let found = format!("{:.1} s apart from the database's", apart.max(0.0));
    let advice = "have both machines keep time (systemd-timesyncd, chrony)";
    Ok(Some(if apart >= UNFORGIVEN {
        Finding::failure(CHECK, found, advice)
    } else if apart >= NOTICED {
        Finding::warning(CHECK, found, advice)
    } else {
        Finding::ok(CHECK, found)
    }))
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
