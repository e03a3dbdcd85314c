#!/bin/bash
# Makes Elasticsearch ready for Kibana and Filebeat: their passwords, what Filebeat may do, how long logs are kept.
# Runs at every start of the profile `elastic`, and so sets a password again that was rotated.
set -eu

secret() { cat "/run/secrets/$1"; }

# ask METHOD PATH, with JSON on standard input. The password goes by a file descriptor, past the command line.
ask() {
    curl --silent --show-error --fail --config <(printf 'user = "elastic:%s"' "$(secret elastic_password)") \
        --request "$1" --header 'Content-Type: application/json' --data-binary @- "$ELASTICSEARCH/$2"
    echo
}

ask POST _security/user/kibana_system/_password <<END
{"password": "$(secret kibana_password)"}
END

# Size and age: what is older than two weeks goes, file by file.
ask PUT _ilm/policy/minitwit <<'END'
{
    "policy": {
        "phases": {
            "hot": {"actions": {"rollover": {"max_age": "1d", "max_primary_shard_size": "1gb"}}},
            "delete": {"min_age": "14d", "actions": {"delete": {}}}
        }
    }
}
END

# What it writes, and its own template; nothing that it could read or delete.
ask PUT _security/role/filebeat_minitwit <<'END'
{
    "cluster": ["monitor", "read_ilm", "manage_index_templates"],
    "indices": [{"names": ["filebeat-*"], "privileges": ["auto_configure", "create_doc", "create_index", "view_index_metadata"]}]
}
END

ask PUT _security/user/filebeat_minitwit <<END
{"password": "$(secret filebeat_password)", "roles": ["filebeat_minitwit"]}
END
