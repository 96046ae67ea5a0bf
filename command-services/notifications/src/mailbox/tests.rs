//! The mailbox, by the very mailer that talks to mail servers.

use super::*;
use crate::channels::{EmailConfig, Mail, Mailer, Outcome, Tls};
use crate::templates::Written;
use std::os::unix::fs::PermissionsExt;
use tillroll_schemas::NotificationId;

fn mailer(mailbox: &Mailbox) -> Mailer {
    mailer_of(mailbox, "shop.example")
}

fn mailer_of(mailbox: &Mailbox, domain: &str) -> Mailer {
    Mailer::new(EmailConfig {
        host: mailbox.address().ip().to_string(),
        port: mailbox.address().port(),
        tls: Tls::None,
        trusted: None,
        credentials: None,
        from: "The Shop <shop@shop.example>".to_owned(),
        bounces_to: "bounces@shop.example".to_owned(),
        domain: domain.to_owned(),
    })
    .unwrap()
}

fn mail(text: &str) -> Mail {
    Mail {
        notification: NotificationId(uuid::Uuid::from_u128(5)),
        to: "anna@customers.example".to_owned(),
        written: Written { subject: "News".to_owned(), text: text.to_owned(), html: None },
        unsubscribe: None,
    }
}

#[tokio::test]
async fn mails_are_for_nobody_else_on_the_machine() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("mail");
    let _mailbox = Mailbox::open(&directory).await.unwrap();
    assert_eq!(std::fs::metadata(&directory).unwrap().permissions().mode() & 0o777, 0o700);
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[tokio::test]
async fn mails_are_kept_as_they_came_each_in_a_file_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("mail");
    let mailbox = Mailbox::open(&directory).await.unwrap();
    for text in ["first\n.\n..end", "second"] {
        assert_eq!(mailer(&mailbox).send(&mail(text), Duration::from_secs(20)).await, Outcome::Sent);
    }
    let texts: Vec<_> = files(&directory).iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts[0].contains("To: anna@customers.example"), "{}", texts[0]);
    assert!(texts[0].contains("\r\n\r\nfirst\r\n.\r\n..end\r\n"), "{:?}", texts[0]);
}

#[tokio::test]
async fn mails_of_whom_is_erased_are_removed_and_no_others() {
    let home = tempfile::tempdir().unwrap();
    let mailbox = Mailbox::open(home.path()).await.unwrap();
    let mut forgetting = Forgetting::new(home.path().to_owned());
    let id = |number| NotificationId(uuid::Uuid::from_u128(number));
    for number in [5, 6, 5] {
        let mail = Mail { notification: id(number), ..mail(&format!("number {number}")) };
        assert_eq!(mailer(&mailbox).send(&mail, Duration::from_secs(20)).await, Outcome::Sent);
    }
    std::fs::write(home.path().join("note.txt"), "no mail").unwrap();
    forgetting.remove(|_| false).await.unwrap();
    assert_eq!(files(home.path()).len(), 4, "nobody is erased");
    for _ in 0..2 {
        forgetting.remove(|notification| notification == id(5)).await.unwrap();
    }
    let left: Vec<_> = files(home.path()).iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left.iter().all(|text| !text.contains("number 5")), "{left:?}");
}

#[tokio::test]
async fn mails_that_were_sent_under_another_domain_end_with_the_person_too() {
    let home = tempfile::tempdir().unwrap();
    let mailbox = Mailbox::open(home.path()).await.unwrap();
    let before = mailer_of(&mailbox, "localhost.localdomain");
    for mailer in [before, mailer(&mailbox)] {
        assert_eq!(mailer.send(&mail("news"), Duration::from_secs(20)).await, Outcome::Sent);
    }
    let mut forgetting = Forgetting::new(home.path().to_owned());
    forgetting.remove(|notification| notification == mail("").notification).await.unwrap();
    assert_eq!(files(home.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_mail_that_was_never_finished_is_gone_after_the_next_start() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join(".1-2-3.eml"), "half a mail").unwrap();
    let _mailbox = Mailbox::open(home.path()).await.unwrap();
    assert_eq!(files(home.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_mail_that_cannot_be_kept_is_not_taken() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("mail");
    let mailbox = Mailbox::open(&directory).await.unwrap();
    std::fs::remove_dir(&directory).unwrap();
    let sent = mailer(&mailbox).send(&mail("lost"), Duration::from_secs(20)).await;
    assert_eq!(sent, Outcome::Later("451".to_owned()));
}

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_has_sent_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mailbox = Mailbox::open(home.path()).await.unwrap();
    let mut stream = TcpStream::connect(mailbox.address()).await.unwrap();
    stream.write_all(b"EHLO me\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nhalf a mail\r\n").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    assert!(said.ends_with("354 go on, and end with a dot\r\n"), "{said}");
    assert_eq!(files(home.path()), Vec::<PathBuf>::new());
}
