//! The tables as Diesel sees them: the same on both backends (a test compares them).

#![expect(missing_docs, reason = "the macro writes items without documentation")]

diesel::table! {
    users (id) {
        id -> BigInt,
        username -> Text,
        email -> Text,
        password_hash -> Text,
        created_at -> BigInt,
        /// None until it is worked out: see `skeletons.rs`.
        skeleton -> Nullable<Text>,
        /// Whether the words of the name are stored: see `people.rs`.
        is_findable -> Bool,
    }
}

diesel::table! {
    messages (id) {
        id -> BigInt,
        author_id -> BigInt,
        text -> Text,
        published_at -> BigInt,
        flagged -> Bool,
    }
}

diesel::table! {
    /// `messages` on Postgres, whose words are in the row; on SQLite the column says whether they are in the table
    /// `message_words`. See `words.rs`.
    #[sql_name = "messages"]
    messages_with_words (id) {
        id -> BigInt,
        author_id -> BigInt,
        text -> Text,
        published_at -> BigInt,
        flagged -> Bool,
        words -> Nullable<crate::db::tsvector::TsVector>,
    }
}

diesel::table! {
    people_words (word, user_id) {
        word -> Text,
        user_id -> BigInt,
    }
}

diesel::table! {
    mentions (message_id, user_id) {
        message_id -> BigInt,
        user_id -> BigInt,
    }
}

diesel::table! {
    message_tags (tag, published_at, message_id) {
        tag -> Text,
        published_at -> BigInt,
        message_id -> BigInt,
    }
}

diesel::table! {
    follows (follower_id, followee_id) {
        follower_id -> BigInt,
        followee_id -> BigInt,
    }
}

diesel::table! {
    replies (message_id) {
        message_id -> BigInt,
        parent_id -> BigInt,
    }
}

diesel::table! {
    marks (message_id, kind, user_id) {
        message_id -> BigInt,
        kind -> Text,
        user_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    profiles (user_id) {
        user_id -> BigInt,
        display_name -> Nullable<Text>,
        bio -> Nullable<Text>,
        website -> Nullable<Text>,
        notifications_seen -> BigInt,
    }
}

diesel::table! {
    notifications (id) {
        id -> BigInt,
        user_id -> BigInt,
        kind -> Text,
        actor_id -> BigInt,
        message_id -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    sessions (token_hash) {
        token_hash -> Text,
        user_id -> BigInt,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    /// On Postgres a sequence, which reads like this table of one row.
    simulator_latest (last_value) {
        last_value -> BigInt,
    }
}

diesel::joinable!(messages -> users (author_id));
diesel::joinable!(marks -> users (user_id));
diesel::joinable!(sessions -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(
    users,
    messages,
    follows,
    replies,
    marks,
    sessions,
    profiles,
    notifications
);
