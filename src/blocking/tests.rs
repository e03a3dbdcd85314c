//! What the pool promises to those who wait, to those who go away and to those who have begun.

use std::sync::{
    atomic::{AtomicBool, Ordering},
    mpsc::{Sender, channel},
};

use rustix::thread::gettid;
use tokio::task::JoinHandle;

use super::*;

fn pool(width: usize, wait: Duration) -> BlockingPool {
    BlockingPool::new("test", width, wait, &IntGauge::new("waiting", "waiting").unwrap()).unwrap()
}

/// Keeps the pool's only thread busy until it is told to end.
async fn occupy(pool: &BlockingPool) -> (JoinHandle<Result<(), Error>>, Sender<()>) {
    let ((begin, begun), (end, ended)) = (channel(), channel());
    let work = move || {
        begin.send(()).ok();
        ended.recv().ok();
    };
    let pool = pool.clone();
    let first = tokio::spawn(async move { pool.run(work).await });
    tokio::task::yield_now().await;
    begun.recv().unwrap();
    (first, end)
}

#[tokio::test]
async fn work_that_finds_no_thread_in_time_is_refused_and_never_done() {
    let pool = pool(1, Duration::from_millis(20));
    let (first, end) = occupy(&pool).await;
    let done = Arc::new(AtomicBool::new(false));
    let mark = Arc::clone(&done);
    let refused = pool.run(move || mark.store(true, Ordering::Release)).await;
    assert!(matches!(refused, Err(Error::Unavailable { .. })));
    assert_eq!(pool.waiting.get(), 0, "who was refused waits no more, though the thread is still busy");
    end.send(()).unwrap();
    assert!(first.await.unwrap().is_ok(), "what has begun is finished, however long it takes");
    assert!(pool.run(|| ()).await.is_ok());
    assert!(!done.load(Ordering::Acquire), "what was refused has not been done meanwhile");
    assert_eq!(pool.waiting.get(), 0);
}

#[tokio::test]
async fn work_of_a_caller_that_went_away_before_its_turn_is_skipped() {
    let pool = pool(1, Duration::from_mins(1));
    let (first, end) = occupy(&pool).await;
    let done = Arc::new(AtomicBool::new(false));
    let mark = Arc::clone(&done);
    let second = timeout(Duration::from_millis(5), pool.run(move || mark.store(true, Ordering::Release))).await;
    assert!(second.is_err(), "it waited in vain");
    assert_eq!(pool.waiting.get(), 0, "who went away waits no more");
    end.send(()).unwrap();
    first.await.unwrap().unwrap();
    pool.run(|| ()).await.unwrap();
    assert!(!done.load(Ordering::Acquire));
    assert_eq!(pool.waiting.get(), 0);
}

#[tokio::test]
async fn a_panic_is_an_error_and_the_thread_lives_on() {
    let pool = pool(1, Duration::from_mins(1));
    assert!(matches!(pool.run(|| panic!("on purpose")).await, Err(Error::Internal(_))));
    assert_eq!(pool.run(|| 7).await.unwrap(), 7);
}

#[tokio::test]
async fn who_finds_the_queue_full_is_refused_at_once() {
    let pool = pool(1, Duration::from_mins(1)).with_queue(1, Duration::ZERO);
    let (first, end) = occupy(&pool).await;
    let second = tokio::spawn({
        let pool = pool.clone();
        async move { pool.run(|| 2).await }
    });
    tokio::task::yield_now().await;
    assert!(matches!(pool.place().await, Err(Error::Unavailable { .. })));
    assert!(matches!(pool.run(|| 3).await, Err(Error::Unavailable { .. })), "though it might wait a minute");
    assert_eq!(pool.waiting.get(), 1);
    end.send(()).unwrap();
    first.await.unwrap().unwrap();
    assert_eq!(second.await.unwrap().unwrap(), 2);
    assert_eq!(pool.run(|| 4).await.unwrap(), 4);
}

#[tokio::test]
async fn who_finds_the_queue_full_gets_a_place_that_is_left_in_time() {
    let pool = pool(1, Duration::from_mins(1)).with_queue(0, Duration::from_mins(1));
    let (first, end) = occupy(&pool).await;
    let second = tokio::spawn({
        let pool = pool.clone();
        async move { pool.run(|| 2).await }
    });
    tokio::task::yield_now().await;
    assert_eq!(pool.waiting.get(), 0, "it is not in the queue yet");
    end.send(()).unwrap();
    assert!(first.await.unwrap().is_ok());
    assert_eq!(second.await.unwrap().unwrap(), 2);
}

#[tokio::test]
async fn only_threads_whose_work_can_wait_are_nice() {
    use rustix::process::getpriority_process;

    let niceness = || getpriority_process(Some(gettid())).unwrap();
    let (usual, cores) = (niceness(), Cores::new(2));
    let simulator = pool(1, Duration::from_mins(1)).first_on(&cores);
    let people = pool(1, Duration::from_mins(1)).after_the_first_on(&cores).unwrap();
    assert_eq!(simulator.run(niceness).await.unwrap(), usual);
    assert_eq!(people.run(niceness).await.unwrap(), usual.max(NICE));
}

#[tokio::test]
async fn who_goes_away_leaves_a_place_in_the_queue() {
    let pool = pool(1, Duration::from_mins(1)).with_queue(1, Duration::ZERO);
    let (first, end) = occupy(&pool).await;
    for _ in 0..10 {
        assert!(timeout(Duration::from_millis(1), pool.run(|| ())).await.is_err(), "waited, was not refused");
    }
    end.send(()).unwrap();
    first.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_first_begins_at_once_however_many_others_wait() {
    let cores = Cores::new(2);
    let simulator = pool(2, Duration::from_mins(1)).first_on(&cores);
    let people = pool(1, Duration::from_mins(1)).with_queue(1, Duration::ZERO);
    let people = people.after_the_first_on(&cores).unwrap();
    let (person, end_person) = occupy(&people).await;
    let waits = tokio::spawn({
        let people = people.clone();
        async move { people.run(|| ()).await }
    });
    tokio::task::yield_now().await;
    assert!(matches!(people.run(|| ()).await, Err(Error::Unavailable { .. })));
    // Both begin though nobody else has come to an end.
    let (one, end_one) = occupy(&simulator).await;
    let (two, end_two) = occupy(&simulator).await;
    for end in [end_one, end_two, end_person] {
        end.send(()).unwrap();
    }
    for work in [one, two, person, waits] {
        work.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn others_begin_nothing_while_the_first_needs_all_cores() {
    let cores = Cores::new(2);
    let simulator = pool(2, Duration::from_mins(1)).first_on(&cores);
    let people = pool(1, Duration::from_millis(20)).after_the_first_on(&cores).unwrap();
    let patient = pool(1, Duration::from_mins(1)).after_the_first_on(&cores).unwrap();
    let (one, end_one) = occupy(&simulator).await;
    assert!(patient.run(|| ()).await.is_ok(), "it leaves a core");
    let (two, end_two) = occupy(&simulator).await;
    let done = Arc::new(AtomicBool::new(false));
    let mark = Arc::clone(&done);
    let refused = people.run(move || mark.store(true, Ordering::Release)).await;
    assert!(matches!(refused, Err(Error::Unavailable { .. })), "there is a thread, and no core");
    assert_eq!(people.waiting.get(), 0);
    end_one.send(()).unwrap();
    one.await.unwrap().unwrap();
    assert!(patient.run(|| ()).await.is_ok());
    assert!(!done.load(Ordering::Acquire));
    end_two.send(()).unwrap();
    two.await.unwrap().unwrap();
}
