use tillroll_kafka::*;
fn names() -> Vec<String> {
    let mut v: Vec<String> = std::fs::read_dir("/proc/self/task")
        .unwrap()
        .flatten()
        .map(|t| std::fs::read_to_string(t.path().join("comm")).unwrap().trim().to_owned())
        .filter(|n| !n.starts_with("tokio"))
        .collect();
    v.sort();
    v
}
#[tokio::main]
async fn main() {
    let config = Config::new("localhost:29192");
    let name = Topic::from(format!("dbg-{}", uuid::Uuid::new_v4()));
    println!("{:?}", names());
    let admin = Admin::new(&config).unwrap();
    let t = NewTopic { name: name.clone(), partitions: 2, replication: 1, config: vec![] };
    admin.create_topics(&[t]).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    println!("admin {:?}", names());
    let p = Producer::start(&config).unwrap();
    p.send(
        NewRecord {
            topic: name.clone(),
            partition: PartitionId(0),
            key: None,
            headers: vec![],
            value: Some("x".into()),
        },
        Box::new(|_| {}),
    )
    .unwrap();
    p.flush(std::time::Duration::from_secs(5)).await;
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    println!("producer {:?}", names());
    let tail = Tail::start(&config).unwrap();
    let mut s = tail.subscribe(name.clone(), vec![(PartitionId(0), Offset(0))]);
    s.next().await.unwrap();
    println!("tail+catchup {:?}", names());
    let _ = tokio::time::timeout(std::time::Duration::from_millis(2500), s.next()).await;
    println!("tail {:?}", names());
    let (g, mut sig) = Group::join(&config, &name, &[name.clone()]).unwrap();
    sig.recv().await;
    println!("group {:?}", names());
    drop(admin);
    drop(p);
    drop(s);
    drop(tail);
    drop(g);
    tokio::time::sleep(std::time::Duration::from_millis(3000)).await;
    println!("end {:?}", names());
}
