//! Memory of a session in vectors of a device's own.

use pairpick_core::device::{PoolImage, Session, SessionBuffers};
use pairpick_core::pool::Comparison;
use pairpick_core::select::Strategy;
use pairpick_core::topk::Scored;
use pairpick_tests::device::{Flash, said};

use super::session::{here, labelled, small};

/// A program that is built for some sizes holds a session's parts in vectors of its own.
#[test]
fn a_session_works_in_heapless_vectors() {
    fn filled<T: Clone, const MOST: usize>(value: T, len: usize) -> heapless::Vec<T, MOST> {
        let mut all = heapless::Vec::new();
        assert!(all.resize(len, value).is_ok(), "capacity");
        all
    }
    for strategy in [Strategy::Dopt, Strategy::RobustVOpt, Strategy::PaDopt] {
        let given = small(strategy);
        let bytes = given.image().expect("an image");
        let image = PoolImage::open(&bytes).expect("an image");
        let len = image.session_len(30, 1);
        let scored = Scored { score: f32::NAN, pair: 0 };
        let comparison = Comparison { a: 0, b: 0, label: 0.0, count: 0.0 };
        let mut memory = SessionBuffers {
            numbers: filled::<_, 16_384>(f32::NAN, len.numbers),
            heaps: filled::<_, 512>(scored, len.heaps),
            ranks: filled::<_, 512>(7_u64, len.ranks),
            batch: filled::<_, 8>(scored, len.batch),
            starts: filled::<_, 32>(7_u32, len.starts),
            comparisons: filled::<_, 30>(comparison, len.comparisons),
        };
        let mut flash = Flash::new(60);
        let mut session =
            Session::open(&here(), image, &mut flash, 3, memory.lend()).expect("a session");
        while session.answers() < 17 {
            let pair = session.question().expect("pairs enough").items;
            session.answer(&here(), said(pair.a, pair.b)).expect("an answer");
        }
        assert_eq!(flash.bytes, labelled(&given, 17).bytes, "{}", strategy.name());
    }
}
