use tillroll_kafka::*;
use std::sync::Arc;
use std::time::Duration;
#[tokio::main]
async fn main() {
    let config = Config::new("localhost:29192");
    let name = Topic::from(format!("dbg-{}", uuid::Uuid::new_v4()));
    let t = NewTopic { name: Arc::clone(&name), partitions: 2, replication: 1, config: vec![] };
    Admin::new(&config).unwrap().create_topics(&[t]).await.unwrap();
    let p = Producer::start(&config).unwrap();
    for i in 0..60000 { p.send(NewRecord{topic: name.clone(), partition: PartitionId(0), key: None, headers: vec![], value: Some(i.to_string().into())}, Box::new(|_| {})).unwrap(); }
    p.flush(std::time::Duration::from_secs(5)).await;
    let (g, mut s) = Group::join(&config.set("debug", "cgrp,topic,fetch,consumer").set("log_level","7"), &name, &[name.clone()]).unwrap();
    let Some(GroupSignal::Assigned(mut a)) = s.recv().await else { panic!() };
    for x in &a { println!("{:?} {}", x.topic, x.partition); }
    a.sort_by_key(|a| a.partition);
    g.read_from(name.clone(), PartitionId(0), Offset(0));
    g.read_from(name.clone(), PartitionId(1), Offset(0));
    for i in 0..20 { p.send(NewRecord{topic: name.clone(), partition: PartitionId(1), key: None, headers: vec![], value: Some(i.to_string().into())}, Box::new(|_| {})).unwrap();
    p.flush(std::time::Duration::from_secs(5)).await;
    let b = std::time::Instant::now();
    let r = tokio::time::timeout(Duration::from_millis(3000), a[1].records.next()).await;
    println!(">>>1 {i} {:?} {:?}", r.as_ref().map(|b| b.as_ref().map(|b| b.as_ref().map(|b| b.records.len()))), b.elapsed());
    }
    let mut n = 0;
    for _ in 0..20 {
    let r = tokio::time::timeout(Duration::from_millis(1000), a[0].records.next()).await;
    println!(">>> {n} {:?}", r.as_ref().map(|b| b.as_ref().map(|b| b.as_ref().map(|b| b.records.len()))));
    if let Ok(Some(Ok(b))) = r { n += b.records.len(); }
    if n >= 60000 { break; }
    }
    g.leave().await;
}
