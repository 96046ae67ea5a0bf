//! The variables of the environment that are Tillroll's, read once as text. One that nobody reads is a typing mistake,
//! and refuses to start: what it was meant to set would silently stay as it is.

use super::{ConfigError, messages};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::str::FromStr;

/// Every variable with what it is for; `tillroll settings` prints them.
const SETTINGS: [(&str, &str); 41] = [
    ("TILLROLL_HOME", "where data, keys, logs and run files are [.tillroll]"),
    ("TILLROLL_LISTEN", "address of the public door [127.0.0.1:8080]"),
    (
        "TILLROLL_TRUSTED_PROXIES",
        "networks of the reverse proxies before that door, by comma: a client is where they say that he is \
         [none: he is where his connection comes from]",
    ),
    (
        "TILLROLL_PROXY_HEADER",
        "where they say it, x-forwarded-for or forwarded; they have to append to it, or to replace what they were sent \
         [x-forwarded-for]",
    ),
    ("TILLROLL_ENVIRONMENT", "development or production; production demands replicated topics [development]"),
    ("TILLROLL_PARTITIONS", "partitions of each aggregate's topics; never changes once there are topics [4]"),
    (
        "TILLROLL_STACK",
        "native: `up` starts Kafka and PostgreSQL as processes; containers: by a container engine; external: they are \
         there already [native]",
    ),
    ("TILLROLL_BROKERS", "native: how many brokers, 1 or 3; fixed at the first start [1]"),
    (
        "TILLROLL_KAFKA_PORT",
        "native, containers: the broker's port; three brokers take it and the next two [free ones]",
    ),
    ("TILLROLL_POSTGRES_PORT", "native, containers: PostgreSQL's port [a free one]"),
    ("TILLROLL_KAFKA_LIBS", "native: where Kafka's jars are [TILLROLL_HOME/kafka-libs]"),
    ("TILLROLL_KAFKA_IMAGE", "containers: Kafka's image [apache/kafka:4.1.1]"),
    ("TILLROLL_POSTGRES_IMAGE", "containers: PostgreSQL's image [postgres:15]"),
    ("KAFKA_BOOTSTRAP_SERVERS", "external: host:port[,host:port…] [of the running `tillroll up`]"),
    ("DATABASE_URL", "external: postgres://user:password@host:port/database"),
    ("TILLROLL_VAULT_URL", "external: the vault's own database, as DATABASE_URL, and never the same one"),
    (
        "TILLROLL_VAULT_KEY_FILE",
        "the file of the vault's master key; development makes it [TILLROLL_HOME/keys/vault-master.key]",
    ),
    ("TILLROLL_VAULT_KEY", "the master key itself, 32 bytes as hexadecimal digits or base64, instead of a file"),
    (
        "TILLROLL_VAULT_OTHER_KEY_FILES",
        "files of master keys that are read as well while keys are rotated: FILE[,FILE…]",
    ),
    ("TILLROLL_VAULT_OTHER_KEY", "such a master key itself"),
    (
        "TILLROLL_FISCAL_TERM_YEARS",
        "for how many calendar years after that of his order a buyer's name and address are kept for invoices and credit \
         notes [11]",
    ),
    ("TILLROLL_KAFKA_<PROPERTY>", "any librdkafka property, dots as underscores: TILLROLL_KAFKA_SECURITY_PROTOCOL=ssl"),
    (
        "TILLROLL_<ROLE>_LISTEN",
        "address of a role's internal listener: CATALOG, INVENTORY, ORDERS, USERS, NOTIFICATIONS, PAYMENTS, SANDBOX, \
         QUERY_API, PROJECTORS \
         [a free local port]",
    ),
    (
        "TILLROLL_<ROLE>_ADVERTISED_URL",
        "http://host:port where other instances and the gateway reach that listener [where it listens]",
    ),
    (
        "TILLROLL_<ROLE>_URL",
        "http://host:port[,…] where the gateway asks CATALOG, INVENTORY, ORDERS, USERS, NOTIFICATIONS, PAYMENTS, QUERY_API, \
         and payments ask SANDBOX [wherever they announce it]",
    ),
    (
        "TILLROLL_PAYMENT_PROVIDER",
        "who holds customers' money: stripe, or sandbox, a provider of our own for development only [sandbox in \
         development; production must name stripe]",
    ),
    (
        "TILLROLL_PAYMENT_RETURN_URL",
        "where a customer's bank sends him back to; needed with stripe [the public door, with the sandbox]",
    ),
    ("TILLROLL_STRIPE_URL", "where Stripe's API is, or something that speaks it [https://api.stripe.com]"),
    ("TILLROLL_STRIPE_SECRET_KEY", "Stripe's secret key, sk_… or rk_…"),
    ("TILLROLL_STRIPE_SECRET_KEY_FILE", "a file that holds it, instead"),
    (
        "TILLROLL_STRIPE_WEBHOOK_SECRET",
        "what Stripe signs its webhooks with, whsec_…; while it is replaced two, by comma",
    ),
    ("TILLROLL_STRIPE_WEBHOOK_SECRET_FILE", "a file that holds it, instead"),
    (
        "TILLROLL_RECONCILE_SECONDS",
        "how often payments compare the provider's books with the log, 0 for never [86400, a day]",
    ),
    (
        "TILLROLL_SANDBOX_LEDGER",
        "the file in which the sandbox keeps whose money it has [TILLROLL_HOME/sandbox/ledger.jsonl]",
    ),
    ("TILLROLL_MAX_REQUESTS", "commands under way per partition before 503, at most 100000 [4096]"),
    ("TILLROLL_STATE_CACHE", "aggregates per partition that an owner holds in memory, at most 10000000 [10000]"),
    (
        "TILLROLL_ARGON2",
        "what a password's hash costs: KiB of memory, passes; of another cost it is made anew at the next log-in \
         [19456,2, the least that OWASP recommends]",
    ),
    ("TILLROLL_LOG", "log filter, e.g. info,tillroll_log=debug [info]"),
    ("TILLROLL_LOG_FORMAT", "text or json [text]"),
    ("TILLROLL_URL", "the public door for client commands such as `import` [that of the running `tillroll up`]"),
    ("TILLROLL_TOKEN", "access token of client commands such as `import` [minted from the installation's key]"),
];

/// What only a build for tests reads: in any other it is a name that nobody knows.
const IN_TEST_BUILDS: &[(&str, &str)] = if cfg!(debug_assertions) {
    &[(
        CRASH,
        "tests: kill (or freeze) this process at the nth passing of a point: before-produce:17[:frozen]; not in release builds",
    )]
} else {
    &[]
};

/// Names a crash point.
pub const CRASH: &str = "TILLROLL_CRASH";

const OWN: &str = "TILLROLL_";
const OF_KAFKA: &str = "TILLROLL_KAFKA_";
const LISTENING: [&str; 9] =
    ["CATALOG", "INVENTORY", "ORDERS", "USERS", "NOTIFICATIONS", "PAYMENTS", "SANDBOX", "QUERY_API", "PROJECTORS"];
const ASKED: [&str; 8] =
    ["CATALOG", "INVENTORY", "ORDERS", "USERS", "NOTIFICATIONS", "PAYMENTS", "SANDBOX", "QUERY_API"];

/// The variables that are set, by name. An empty one is as good as none.
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Those of this environment; whatever else stands in it is nobody's business here.
    pub fn read(environment: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Self, ConfigError> {
        let known = known();
        let mut read = BTreeMap::new();
        for (name, value) in environment {
            let name = name.to_string_lossy().into_owned();
            if !known.contains(&name) {
                match name.strip_prefix(OF_KAFKA) {
                    Some(property) if !property.is_empty() => {}
                    _ if name.starts_with(OWN) => return Err(unknown(&name, &known)),
                    _ => continue,
                }
            }
            // The value is not shown: it may be a secret.
            let value = value.into_string().map_err(|_| ConfigError::new(&name, "is not UTF-8"))?;
            read.insert(name, value);
        }
        Ok(Self(read))
    }

    /// What it says; nothing if it says nothing.
    pub fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).filter(|value| !value.is_empty()).cloned()
    }

    /// What it says as a value; the default if it says nothing. `what` it must be, as in `a number`.
    pub fn parsed<T: FromStr>(&self, name: &str, default: T, what: &str) -> Result<T, ConfigError> {
        let Some(text) = self.get(name) else { return Ok(default) };
        text.trim().parse().map_err(|_| ConfigError::new(name, format!("`{text}` is not {what}")))
    }

    /// A number in this range.
    pub fn number(&self, name: &str, default: u32, range: std::ops::RangeInclusive<u32>) -> Result<u32, ConfigError> {
        let what = format!("a number from {} to {}", range.start(), range.end());
        let number = self.parsed(name, default, &what)?;
        if range.contains(&number) {
            Ok(number)
        } else {
            Err(ConfigError::new(name, format!("{number} is not {what}")))
        }
    }

    /// librdkafka's properties, by their own names.
    pub fn kafka_properties(&self) -> Vec<(String, String)> {
        let known = known();
        let of_kafka = self.0.iter().filter(|(name, _)| !known.contains(name));
        of_kafka
            .filter_map(|(name, value)| Some((name.strip_prefix(OF_KAFKA)?, value)))
            .map(|(name, value)| (name.to_lowercase().replace('_', "."), value.clone()))
            .collect()
    }
}

/// The variable of a role: `TILLROLL_QUERY_API_LISTEN`.
pub fn of_role(role: &str, what: &str) -> String {
    format!("{OWN}{}_{what}", role.to_uppercase().replace('-', "_"))
}

/// The variable of a librdkafka property: `TILLROLL_KAFKA_SESSION_TIMEOUT_MS`.
pub fn of_kafka(property: &str) -> String {
    format!("{OF_KAFKA}{}", property.to_uppercase().replace('.', "_"))
}

/// Prints every variable.
#[expect(clippy::print_stdout, reason = "the command's output")]
pub fn print_settings() {
    for (name, meaning) in SETTINGS.iter().chain(messages::SETTINGS).chain(IN_TEST_BUILDS) {
        println!("{name:28} {meaning}");
    }
}

/// Every name that is read, but for librdkafka's properties.
fn known() -> Vec<String> {
    let listed = SETTINGS.iter().chain(messages::SETTINGS).chain(IN_TEST_BUILDS);
    let plain = listed.map(|(name, _)| (*name).to_owned()).filter(|name| !name.contains('<'));
    let listening = LISTENING.iter().flat_map(|role| [of_role(role, "LISTEN"), of_role(role, "ADVERTISED_URL")]);
    plain.chain(listening).chain(ASKED.iter().map(|role| of_role(role, "URL"))).collect()
}

fn unknown(name: &str, known: &[String]) -> ConfigError {
    let nearest = known.iter().min_by_key(|known| distance(name, known)).map_or("", String::as_str);
    let problem = format!("there is no such variable; is {nearest} meant? `tillroll settings` lists all");
    ConfigError::new(name, problem)
}

/// How many letters have to be changed, added or taken away (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (nth, letter) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], nth + 1);
        for (at, other) in b.chars().enumerate() {
            let changed = diagonal + usize::from(letter != other);
            diagonal = row[at + 1];
            row[at + 1] = changed.min(row[at] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
