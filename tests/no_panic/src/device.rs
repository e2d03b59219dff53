use pairpick_core::device::{
    Answer, AnswerLog, AnswerRecord, Course, Header, LogHeader, PoolImage, Precision, Record,
    Section, Session, SessionArrays, SessionLen, SessionMemory, Settings, Store, StoreError,
    checksum, widen,
};

use crate::{Any, any};

/// Memory of which nothing is known.
struct Flash;

impl Store for Flash {
    fn capacity(&self) -> usize {
        any()
    }

    fn read(&mut self, _offset: usize, bytes: &mut [u8]) -> Result<(), StoreError> {
        bytes.fill_with(any);
        any()
    }

    fn append(&mut self, _offset: usize, _bytes: &[u8]) -> Result<(), StoreError> {
        any()
    }
}

type Log = AnswerLog<Flash>;
type AnySession = Session<'static, Flash>;

fn image() -> PoolImage<'static> {
    any()
}

fn session() -> &'static mut AnySession {
    any()
}

probes! {
    device::checksum::checksum => checksum(any());
    device::half::widen => widen(any());

    device::image::header::Header::new => Header::new(any(), any(), any(), any(), any());
    device::image::header::Header::with_sections => any::<Header>().with_sections(any());
    device::image::header::Header::write => any::<Header>().write(any(), any());
    device::image::header::Header::len => any::<Header>().len();
    device::image::header::Header::is_empty => any::<Header>().is_empty();
    device::image::header::Header::encode => any::<Header>().encode();
    device::image::header::Header::decode => Header::decode(any());
    device::image::header::Section::name => any::<Section>().name();
    device::image::PoolImage::open => PoolImage::open(any());
    device::image::PoolImage::header => *image().header();
    device::image::PoolImage::as_bytes => image().as_bytes();
    device::image::PoolImage::checksum => image().checksum();
    device::image::PoolImage::items => image().items();
    device::image::PoolImage::order => image().order();
    device::image::PoolImage::prompts => image().prompts();
    device::image::PoolImage::section => image().section(any());
    device::image::PoolImage::features_of => image().features_of(any(), any());
    device::image::PoolImage::widened_len => image().widened_len();
    device::image::PoolImage::features => image().features(any());
    device::image::PoolImage::start => image().start(any());
    device::image::PoolImage::prompt_of => image().prompt_of(any());
    device::image::PoolImage::name => image().name(any());
    device::image::PoolImage::prompt_text => image().prompt_text(any());
    device::image::PoolImage::item_text => image().item_text(any());
    device::image::PoolImage::has_pair => image().has_pair(any(), any());
    device::image::PoolImage::asked_len => image().asked_len();
    device::image::PoolImage::asked => image().asked(any());
    device::image::PoolImage::pool_size => image().pool_size();
    device::image::settings::Precision::bytes => any::<Precision>().bytes();
    device::image::settings::Settings::new => Settings::new(any(), any(), any());
    device::image::settings::Settings::options => any::<Settings>().options(any());
    device::image::settings::Settings::weighs_alike => any::<Settings>().weighs_alike();

    device::log::course::Course::of => Course::of(&image(), &any());
    device::log::course::Course::round => any::<Course>().round();
    device::log::course::Course::answered => any::<Course>().answered();
    device::log::course::Course::is_answered => any::<Course>().is_answered();
    device::log::course::Course::is_own => any::<Course>().is_own();
    device::log::course::Course::begin => any::<Course>().begin(&image(), any(), any());
    device::log::course::Course::answer =>
        any::<Course>().answer(&image(), any(), &any::<AnswerRecord>());
    device::log::course::LogHeader::check_pool => any::<LogHeader>().check_pool(&image());
    device::log::course::LogHeader::check_image => any::<LogHeader>().check_image(&image());
    device::log::AnswerLog::open => Log::open(Flash);
    device::log::AnswerLog::len => any::<Log>().len();
    device::log::AnswerLog::is_empty => any::<Log>().is_empty();
    device::log::AnswerLog::dropped => any::<Log>().dropped();
    device::log::AnswerLog::room => any::<Log>().room();
    device::log::AnswerLog::record => any::<Log>().record(any());
    device::log::AnswerLog::append => any::<Log>().append(any());
    device::log::AnswerLog::into_store => any::<Log>().into_store();
    device::log::record::Answer::label => any::<Answer>().label();
    device::log::record::Record::encode => any::<Record>().encode(any());
    device::log::record::Record::decode => Record::decode(any(), any());
    device::log::store::Store::capacity => any::<&[u8]>().capacity();
    device::log::store::Store::read => any::<&[u8]>().read(any(), any());
    device::log::store::Store::append => any::<&[u8]>().append(any(), any());

    device::session::memory::SessionBuffers::lend =>
        any::<SessionArrays<4, 4, 4, 4, 4, 4>>().lend().numbers.len();
    device::session::memory::SessionLen::new => SessionLen::new(any(), any(), any());
    device::session::memory::SessionLen::bytes => any::<SessionLen>().bytes();
    device::session::memory::PoolImage::session_sizes => image().session_sizes(any(), any());
    device::session::memory::PoolImage::session_len => image().session_len(any(), any());
    device::session::parts::PoolImage::copied_len => image().copied_len();
    device::session::Session::open =>
        Session::open(&Any, image(), Flash, any(), any::<SessionMemory<'static>>());
    device::session::Session::question => session().question();
    device::session::Session::end => session().end();
    device::session::Session::answer => session().answer(&Any, any());
    device::session::Session::image => *session().image();
    device::session::Session::log => session().log().len();
    device::session::Session::round => session().round();
    device::session::Session::picked => session().picked();
    device::session::Session::head => session().head();
    device::session::Session::answers => session().answers();
    device::session::Session::into_store => any::<AnySession>().into_store();
}
