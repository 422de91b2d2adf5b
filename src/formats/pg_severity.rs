//! The severities that PostgreSQL writes, in every language that its server speaks.

use crate::model::Level;
use std::sync::OnceLock;

/// What the word in front of `:  ` says of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Debug,
    Info,
    Warning,
    Error,
    Fatal,
    Panic,
    /// DETAIL, HINT and the like: more about the line before.
    Sub,
    /// STATEMENT and QUERY: what a client sent. Never looked up, for it may quote any message.
    Statement,
}

impl Kind {
    /// Whether the line says more about the one before it.
    pub fn is_more(self) -> bool {
        matches!(self, Kind::Sub | Kind::Statement)
    }

    pub fn level(self) -> Level {
        match self {
            Kind::Debug | Kind::Sub | Kind::Statement => Level::Debug,
            Kind::Info => Level::Info,
            Kind::Warning => Level::Warning,
            Kind::Error => Level::Error,
            Kind::Fatal | Kind::Panic => Level::Fatal,
        }
    }
}

/// Source: `error_severity()` and `send_message_to_server_log()` in src/backend/utils/error/elog.c with the
/// translations in src/backend/po of 13 to 18. English first: nearly every line ends there.
static WORDS: &[(&str, Kind)] = &[
    ("LOG", Kind::Info),
    ("ERROR", Kind::Error),
    ("FATAL", Kind::Fatal),
    ("PANIC", Kind::Panic),
    ("WARNING", Kind::Warning),
    ("NOTICE", Kind::Info),
    ("INFO", Kind::Info),
    ("DEBUG", Kind::Debug),
    ("DEBUG1", Kind::Debug),
    ("DEBUG2", Kind::Debug),
    ("DEBUG3", Kind::Debug),
    ("DEBUG4", Kind::Debug),
    ("DEBUG5", Kind::Debug),
    ("DETAIL", Kind::Sub),
    ("HINT", Kind::Sub),
    ("CONTEXT", Kind::Sub),
    ("STATEMENT", Kind::Statement),
    ("QUERY", Kind::Statement),
    ("LOCATION", Kind::Sub),
    ("BACKTRACE", Kind::Sub),
    ("ჟურნალი", Kind::Info),
    ("로그", Kind::Info),
    ("DZIENNIK", Kind::Info),
    ("СООБЩЕНИЕ", Kind::Info),
    ("LOGG", Kind::Info),
    ("ЗАПИСУВАННЯ", Kind::Info),
    ("日志", Kind::Info),
    ("FEHLER", Kind::Error),
    ("ERREUR", Kind::Error),
    ("ERRORE", Kind::Error),
    ("შეცდომა", Kind::Error),
    ("오류", Kind::Error),
    ("BŁĄD", Kind::Error),
    ("ERRO", Kind::Error),
    ("ОШИБКА", Kind::Error),
    ("FEL", Kind::Error),
    ("HATA", Kind::Error),
    ("ПОМИЛКА", Kind::Error),
    ("错误", Kind::Error),
    ("FATALE", Kind::Fatal),
    ("ფატალური", Kind::Fatal),
    ("치명적오류", Kind::Fatal),
    ("KATASTROFALNY", Kind::Fatal),
    ("ВАЖНО", Kind::Fatal),
    ("FATALT", Kind::Fatal),
    ("ÖLÜMCÜL (FATAL)", Kind::Fatal),
    ("ФАТАЛЬНО", Kind::Fatal),
    ("致命错误", Kind::Fatal),
    ("PANIK", Kind::Panic),
    ("PANICO", Kind::Panic),
    ("პანიკა", Kind::Panic),
    ("손상", Kind::Panic),
    ("PANIKA", Kind::Panic),
    ("PÂNICO", Kind::Panic),
    ("ПАНИКА", Kind::Panic),
    ("KRİTİK", Kind::Panic),
    ("ПАНІКА", Kind::Panic),
    ("比致命错误还过分的错误", Kind::Panic),
    ("WARNUNG", Kind::Warning),
    ("ATTENTION", Kind::Warning),
    ("PERINGATAN", Kind::Warning),
    ("ATTENZIONE", Kind::Warning),
    ("გაფრთხილება", Kind::Warning),
    ("경고", Kind::Warning),
    ("OSTRZEŻENIE", Kind::Warning),
    ("AVISO", Kind::Warning),
    ("ПРЕДУПРЕЖДЕНИЕ", Kind::Warning),
    ("VARNING", Kind::Warning),
    ("UYARI", Kind::Warning),
    ("ПОПЕРЕДЖЕННЯ", Kind::Warning),
    ("警告", Kind::Warning),
    ("HINWEIS", Kind::Info),
    ("NOTIFICA", Kind::Info),
    ("알림", Kind::Info),
    ("UWAGA", Kind::Info),
    ("NOTA", Kind::Info),
    ("ЗАМЕЧАНИЕ", Kind::Info),
    ("NOTIS", Kind::Info),
    ("NOT", Kind::Info),
    ("ПОВІДОМЛЕННЯ", Kind::Info),
    ("注意", Kind::Info),
    ("ინფორმაცია", Kind::Info),
    ("정보", Kind::Info),
    ("INFORMACJA", Kind::Info),
    ("ИНФОРМАЦИЯ", Kind::Info),
    ("BİLGİ", Kind::Info),
    ("ІНФОРМАЦІЯ", Kind::Info),
    ("信息", Kind::Info),
    ("გამართვა", Kind::Debug),
    ("디버그", Kind::Debug),
    ("DEPURAÇÃO", Kind::Debug),
    ("ОТЛАДКА", Kind::Debug),
    ("НАЛАГОДЖЕННЯ", Kind::Debug),
    ("调试", Kind::Debug),
    ("DETALLE", Kind::Sub),
    ("DÉTAIL", Kind::Sub),
    ("DETIL", Kind::Sub),
    ("DETTAGLI", Kind::Sub),
    ("詳細", Kind::Sub),
    ("დეტალები", Kind::Sub),
    ("상세정보", Kind::Sub),
    ("SZCZEGÓŁY", Kind::Sub),
    ("DETALHE", Kind::Sub),
    ("ПОДРОБНОСТИ", Kind::Sub),
    ("DETALJ", Kind::Sub),
    ("ВІДОМОСТІ", Kind::Sub),
    ("详细信息", Kind::Sub),
    ("TIPP", Kind::Sub),
    ("ASTUCE", Kind::Sub),
    ("PETUNJUK", Kind::Sub),
    ("SUGGERIMENTO", Kind::Sub),
    ("ヒント", Kind::Sub),
    ("მინიშნება", Kind::Sub),
    ("힌트", Kind::Sub),
    ("PODPOWIEDŹ", Kind::Sub),
    ("DICA", Kind::Sub),
    ("ПОДСКАЗКА", Kind::Sub),
    ("TIPS", Kind::Sub),
    ("УКАЗІВКА", Kind::Sub),
    ("提示", Kind::Sub),
    ("ZUSAMMENHANG", Kind::Sub),
    ("CONTEXTO", Kind::Sub),
    ("CONTEXTE", Kind::Sub),
    ("KONTEKS", Kind::Sub),
    ("CONTESTO", Kind::Sub),
    ("文脈", Kind::Sub),
    ("კონტექსტი", Kind::Sub),
    ("내용", Kind::Sub),
    ("KONTEKST", Kind::Sub),
    ("КОНТЕКСТ", Kind::Sub),
    ("KONTEXT", Kind::Sub),
    ("上下文", Kind::Sub),
    ("ANWEISUNG", Kind::Statement),
    ("SENTENCIA", Kind::Statement),
    ("INSTRUCTION", Kind::Statement),
    ("PERNYATAAN", Kind::Statement),
    ("ISTRUZIONE", Kind::Statement),
    ("文", Kind::Statement),
    ("ოპერატორი", Kind::Statement),
    ("명령 구문", Kind::Statement),
    ("WYRAŻENIE", Kind::Statement),
    ("COMANDO", Kind::Statement),
    ("ОПЕРАТОР", Kind::Statement),
    ("SATS", Kind::Statement),
    ("KOMUT", Kind::Statement),
    ("ІНСТРУКЦІЯ", Kind::Statement),
    ("语句", Kind::Statement),
    ("ANFRAGE", Kind::Statement),
    ("CONSULTA", Kind::Statement),
    ("REQUÊTE", Kind::Statement),
    ("問い合わせ", Kind::Statement),
    ("მოთხოვნა", Kind::Statement),
    ("ZAPYTANIE", Kind::Statement),
    ("ЗАПРОС", Kind::Statement),
    ("FRÅGA", Kind::Statement),
    ("ЗАПИТ", Kind::Statement),
    ("查询", Kind::Statement),
    ("バックトレース", Kind::Sub),
    ("სტეკი", Kind::Sub),
    ("역추적", Kind::Sub),
    ("СТЕК", Kind::Sub),
    ("ВІДСТЕЖУВАТИ", Kind::Sub),
    ("ORT", Kind::Sub),
    ("UBICACIÓN", Kind::Sub),
    ("EMPLACEMENT", Kind::Sub),
    ("LOKASI", Kind::Sub),
    ("POSIZIONE", Kind::Sub),
    ("場所", Kind::Sub),
    ("POZYCJA", Kind::Sub),
    ("LOCAL", Kind::Sub),
    ("PLATS", Kind::Sub),
    ("РОЗТАШУВАННЯ", Kind::Sub),
    ("位置", Kind::Sub),
];

/// The words that end in a byte: a handful of all, and this is asked of every line.
fn ending(byte: u8) -> impl Iterator<Item = &'static (&'static str, Kind)> {
    static ORDER: OnceLock<Vec<&(&str, Kind)>> = OnceLock::new();
    let last = |entry: &(&str, Kind)| entry.0.bytes().last();
    let order = ORDER.get_or_init(|| {
        let mut order: Vec<_> = WORDS.iter().collect();
        order.sort_by_key(|entry| last(entry));
        order
    });
    let from = order.partition_point(|entry| last(entry) < Some(byte));
    order.iter().copied().skip(from).take_while(move |entry| last(entry) == Some(byte))
}

/// The kind of a severity that stands alone, as in csvlog and jsonlog.
pub fn word(text: &[u8]) -> Option<Kind> {
    WORDS.iter().find(|(word, _)| word.as_bytes() == text).map(|(_, kind)| *kind)
}

/// A severity at the end of `text`: what stands before it, and its kind.
pub fn suffix(text: &[u8]) -> Option<(&[u8], Kind)> {
    // French and Indonesian put a space before the colon of DETAIL and its like.
    let text = text.strip_suffix("\u{a0}".as_bytes()).or_else(|| text.strip_suffix(b" ")).unwrap_or(text);
    ending(*text.last()?)
        .filter_map(|(word, kind)| Some((text.strip_suffix(word.as_bytes())?, *kind)))
        .filter(|(before, _)| !before.last().is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b >= 0x80))
        // `DEBUG1` over `1`, the longer word over the shorter that ends it.
        .min_by_key(|(before, _)| before.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_word_before_the_colon() {
        assert_eq!(suffix("[77] ÖLÜMCÜL (FATAL)".as_bytes()), Some((&b"[77] "[..], Kind::Fatal)));
        assert_eq!(suffix("[77] ASTUCE ".as_bytes()), Some((&b"[77] "[..], Kind::Sub)));
        assert_eq!(suffix(b"DIALOG"), None);
        assert_eq!(word("致命错误".as_bytes()), Some(Kind::Fatal));
        assert_eq!(word("ПАНИКА".as_bytes()), Some(Kind::Panic));
    }
}
