//! Alertmanager tells people: the real one with the configuration that `scripts/monitoring-config` writes, and
//! receivers of our own in the place of Slack, Discord, a webhook, a heartbeat service and a mail server.
//! With nothing configured it starts, shows alerts and tells nobody.

mod receivers;

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};
use tokio::net::TcpListener;

use self::receivers::{Post, take_mails, take_requests};
use crate::harness::{self, Process, eventually, free_port, is_fine, tool};

const PATIENCE: Duration = Duration::from_secs(20);

/// A running Alertmanager, with the configuration that `notifications` lead to. Its waits are cut to a second.
struct Alertmanager {
    address: SocketAddr,
    process: Process,
}

impl Alertmanager {
    async fn start(notifications: Option<&str>) -> Option<Self> {
        let program = tool("prometheus-alertmanager")?;
        let secrets = tempfile::tempdir().unwrap();
        if let Some(notifications) = notifications {
            fs::write(secrets.path().join("notifications"), notifications).unwrap();
        }
        let mut script = Command::new(root("scripts/monitoring-config"));
        let output = script.env("MINITWIT_SECRETS", secrets.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let written = fs::read_to_string(secrets.path().join("alertmanager_config")).unwrap();
        if notifications.is_none() {
            assert_eq!(written, fs::read_to_string(root("prometheus/alertmanager/alertmanager.yml")).unwrap());
        }
        let mut config = written;
        for wait in ["group_wait: 30s", "group_wait: 10s", "group_interval: 5m", "group_interval: 1m"] {
            assert!(config.contains(wait), "{wait}");
            config = config.replace(wait, &format!("{}: 1s", wait.split(':').next().unwrap()));
        }
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("alertmanager.yml"), config).unwrap();
        let address = (Ipv4Addr::LOCALHOST, free_port(&[Ipv4Addr::LOCALHOST])).into();
        let mut command = Command::new(program);
        command.args(["--config.file=alertmanager.yml", "--storage.path=data", "--cluster.listen-address="]);
        command.arg(format!("--web.listen-address={address}"));
        let mut process = Process::spawn_in(folder, "alertmanager", &mut command);
        eventually("Alertmanager is ready", PATIENCE, async || {
            process.must_run();
            is_fine(address, "/-/ready").await.then_some(())
        })
        .await;
        Some(Self { address, process })
    }

    /// What Prometheus does when an alert fires, or has ended.
    async fn alert(&self, labels: &Value, is_over: bool) {
        let now = time::OffsetDateTime::from(SystemTime::now());
        let moment = |seconds: i64| {
            let moment = now + time::Duration::seconds(seconds);
            moment.format(&time::format_description::well_known::Rfc3339).unwrap()
        };
        let alert = json!([{
            "labels": labels,
            "annotations": {
                "summary": "A disk is nearly full", "description": "5% of /dev/vda is left.",
                "runbook_url": "https://example.org/OPERATIONS.md#diskunder10percent",
            },
            "startsAt": moment(-60), "endsAt": moment(if is_over { -1 } else { 600 }),
        }]);
        let url = format!("http://{}/api/v2/alerts", self.address);
        let answer = reqwest::Client::new().post(url).json(&alert).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    }

    /// The sum of a metric's series.
    async fn sum(&self, metric: &str) -> f64 {
        let text = reqwest::get(format!("http://{}/metrics", self.address)).await.unwrap().text().await.unwrap();
        let values = text.lines().filter(|line| line.starts_with(metric)).map(|line| line.rsplit_once(' ').unwrap().1);
        values.map(|value| value.parse::<f64>().unwrap()).sum()
    }
}

fn root(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn nearly_full() -> Value {
    json!({ "alertname": "DiskUnder10Percent", "severity": "critical", "instance": "n", "device": "/dev/vda" })
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_configured_is_told_of_an_alert_its_end_and_the_heartbeat() {
    let _turn = harness::shared_turn().await;
    let post = Post::default();
    let [web, mail] =
        [TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap()];
    let (web_address, mail_address) = (web.local_addr().unwrap(), mail.local_addr().unwrap());
    tokio::spawn(take_requests(web, Arc::clone(&post)));
    tokio::spawn(take_mails(mail, Arc::clone(&post)));
    // The documented file, filled in.
    let mut notifications = fs::read_to_string(root("prometheus/alertmanager/notifications.example")).unwrap();
    for (key, value) in [
        ("EMAIL_TO", "operators@example.org".to_owned()),
        ("EMAIL_FROM", "minitwit@example.org".to_owned()),
        ("SMTP_HOST", mail_address.to_string()),
        ("SLACK_URL", format!("http://{web_address}/slack?it's=quoted")),
        ("DISCORD_URL", format!("http://{web_address}/discord")),
        ("WEBHOOK_URL", format!("http://{web_address}/webhook")),
        ("HEARTBEAT_URL", format!("http://{web_address}/heartbeat")),
    ] {
        let line = format!("\n{key}=\n");
        assert!(notifications.contains(&line), "{key}");
        notifications = notifications.replace(&line, &format!("\n{key}={value}\n"));
    }
    notifications = notifications.replace("SMTP_TLS=yes", "SMTP_TLS=no");
    let Some(mut alertmanager) = Alertmanager::start(Some(&notifications)).await else { return };

    alertmanager.alert(&nearly_full(), false).await;
    // The cause speaks for its consequence, and the watchdog is nobody's business but the heartbeat's.
    let consequence =
        json!({ "alertname": "DiskFillsIn24h", "severity": "warning", "instance": "n", "device": "/dev/vda" });
    alertmanager.alert(&consequence, false).await;
    alertmanager.alert(&json!({ "alertname": "Watchdog", "severity": "none" }), false).await;
    let all = ["/slack?it's=quoted", "/discord/slack", "/webhook", "/heartbeat", "mail"];
    let came = |post: &Post| -> Vec<(String, String)> { post.lock().unwrap().clone() };
    let told_all = |places: &[&str], word: &str| {
        let came = came(&post);
        places.iter().all(|place| came.iter().any(|(path, body)| path == place && body.contains(word)))
    };
    eventually("all are told", PATIENCE, async || told_all(&all, "").then_some(())).await;
    // Longer than it would wait.
    tokio::time::sleep(Duration::from_secs(2)).await;
    alertmanager.alert(&consequence, true).await;
    let people = ["/slack?it's=quoted", "/discord/slack", "/webhook", "mail"];
    alertmanager.alert(&nearly_full(), true).await;
    eventually("all are told that it is over", PATIENCE, async || {
        (told_all(&people[..2], "Over: ") && told_all(&["mail"], "Over: ") && told_all(&["/webhook"], "resolved"))
            .then_some(())
    })
    .await;

    for (place, body) in came(&post) {
        if place == "/heartbeat" {
            assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["commonLabels"]["alertname"], "Watchdog");
            continue;
        }
        assert!(body.contains("DiskUnder10Percent") && !body.contains("Watchdog"), "{place}: {body}");
        assert!(!body.contains("DiskFillsIn24h"), "{place}: {body}");
        if place.ends_with("/slack") || place.starts_with("/slack") {
            let attachment = &serde_json::from_str::<Value>(&body).unwrap()["attachments"][0];
            let is_over = attachment["title"].as_str().unwrap().starts_with("Over: ");
            let title = if is_over { "Over: DiskUnder10Percent" } else { "DiskUnder10Percent" };
            assert_eq!(attachment["title"], format!("{title}: A disk is nearly full"));
            assert_eq!(attachment["title_link"], "https://example.org/OPERATIONS.md#diskunder10percent");
            assert_eq!(attachment["text"].as_str().unwrap().trim(), "5% of /dev/vda is left.");
            assert_eq!(attachment["color"], if is_over { "good" } else { "danger" });
        } else if place == "mail" {
            assert!(
                body.contains("RCPT TO:<operators@example.org>") && body.contains("MAIL FROM:<minitwit@example.org>")
            );
            let subject = body.lines().find(|line| line.starts_with("Subject: ")).unwrap();
            assert!(subject.ends_with("DiskUnder10Percent: A disk is nearly full"), "{subject}");
        } else {
            assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["receiver"], "operators", "{body}");
        }
    }
    assert_eq!(alertmanager.sum("alertmanager_notifications_failed_total").await, 0.0);
    alertmanager.process.must_run();
}

#[tokio::test(flavor = "multi_thread")]
async fn with_nothing_configured_alerts_are_shown_and_nobody_is_told() {
    let _turn = harness::shared_turn().await;
    // Neither without a file, nor with the example as it comes.
    let example = fs::read_to_string(root("prometheus/alertmanager/notifications.example")).unwrap();
    for notifications in [None, Some(example.as_str())] {
        let Some(mut alertmanager) = Alertmanager::start(notifications).await else { return };
        alertmanager.alert(&nearly_full(), false).await;
        alertmanager.alert(&json!({ "alertname": "Watchdog", "severity": "none" }), false).await;
        // Longer than it would wait.
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(alertmanager.sum("alertmanager_alerts{state=\"active\"}").await, 2.0);
        assert_eq!(alertmanager.sum("alertmanager_notifications_total").await, 0.0);
        assert_eq!(alertmanager.sum("alertmanager_notifications_failed_total").await, 0.0);
        alertmanager.process.must_run();
    }
}

#[test]
fn what_cannot_work_is_refused_and_what_was_there_stays() {
    let secrets = tempfile::tempdir().unwrap();
    let run = |notifications: &str, origin: &str| {
        fs::write(secrets.path().join("notifications"), notifications).unwrap();
        let mut script = Command::new(root("scripts/monitoring-config"));
        let output = script.env("MINITWIT_SECRETS", secrets.path()).env("MINITWIT_ORIGIN", origin).output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let targets = || fs::read_to_string(secrets.path().join("probe_targets")).unwrap();
    assert_eq!(run("", "https://minitwit.example"), (true, String::new()));
    assert!(targets().contains("__param_module: site\n") && targets().contains("certificate: public"));
    assert!(targets().contains("__param_hostname: 'minitwit.example'"));
    let before = targets();
    for (notifications, origin, word) in [
        ("SLACK_URL=hooks.slack.com/x", "https://minitwit.example", "SLACK_URL"),
        ("HEARTBEAT_URL=nonsense", "https://minitwit.example", "HEARTBEAT_URL"),
        ("EMAIL_TO=a@b", "https://minitwit.example", "EMAIL_FROM"),
        ("EMAIL_TO=a@b\nEMAIL_FROM=c@d\nSMTP_HOST=x\nSMTP_TLS=maybe", "https://minitwit.example", "SMTP_TLS"),
        ("", "minitwit.example", "MINITWIT_ORIGIN"),
    ] {
        let (is_fine, told) = run(notifications, origin);
        assert!(!is_fine && told.contains(word), "{notifications}: {told}");
        assert_eq!(targets(), before);
    }
    for (origin, module, certificate, name) in [
        ("https://localhost:8443", "site_local", "local", "localhost"),
        ("https://192.0.2.7", "site_local", "local", "192.0.2.7"),
        ("http://minitwit.example", "site", "none", "minitwit.example"),
    ] {
        assert_eq!(run("", origin), (true, String::new()));
        let expected = [module, certificate].map(|word| format!(": {word}\n"));
        assert!(expected.iter().all(|line| targets().contains(line)), "{origin}: {}", targets());
        assert!(targets().contains(&format!("hostname: '{name}'")), "{origin}: {}", targets());
    }
}
