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
    follows (follower_id, followee_id) {
        follower_id -> BigInt,
        followee_id -> BigInt,
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
diesel::joinable!(sessions -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(users, messages, follows, sessions);
