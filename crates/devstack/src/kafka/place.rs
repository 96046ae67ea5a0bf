//! A broker's place among the others: its number, and what it is called by it.

use crate::ports::Port;
use crate::{Brokers, StackError, config};

/// Every directory that a broker's data may be in.
pub(crate) const DIRECTORIES: [&str; 4] = ["kafka", "kafka-1", "kafka-2", "kafka-3"];
const NAMES: [&str; 4] = ["Kafka", "Kafka broker 1", "Kafka broker 2", "Kafka broker 3"];

/// Which broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Alone,
    /// 0, 1 or 2.
    OfThree(u16),
}

impl Place {
    /// All of a cluster.
    pub(crate) fn all(brokers: Brokers) -> Vec<Self> {
        match brokers {
            Brokers::One => vec![Self::Alone],
            Brokers::Three => vec![Self::OfThree(0), Self::OfThree(1), Self::OfThree(2)],
        }
    }

    /// `node.id`
    pub(crate) fn id(self) -> i32 {
        i32::from(self.after_first()) + 1
    }

    pub(crate) fn name(self) -> &'static str {
        self.of(NAMES)
    }

    /// Of its data; its log has the same name.
    pub(crate) fn directory(self) -> &'static str {
        self.of(DIRECTORIES)
    }

    /// `server.properties`, `server-2.properties`
    pub(crate) fn file(self, name: &str, extension: &str) -> String {
        match self {
            Self::Alone => format!("{name}.{extension}"),
            Self::OfThree(_) => format!("{name}-{}.{extension}", self.id()),
        }
    }

    /// The fixed port, counted from the first broker's, or a free one.
    pub(crate) fn port(self, first: Option<u16>) -> Result<Port, StackError> {
        let fixed = first.map(|first| first.saturating_add(self.after_first()));
        Port::take(fixed, self.name(), config::KAFKA_PORT_VARIABLE)
    }

    fn after_first(self) -> u16 {
        match self {
            Self::Alone => 0,
            Self::OfThree(nth) => nth,
        }
    }

    fn of(self, alone_then_three: [&'static str; 4]) -> &'static str {
        let [alone, first, second, third] = alone_then_three;
        match self {
            Self::Alone => alone,
            Self::OfThree(0) => first,
            Self::OfThree(1) => second,
            Self::OfThree(_) => third,
        }
    }
}
