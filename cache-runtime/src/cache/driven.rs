//! A future that several wait for, and that each of them drives: who is slow to ask again holds up nobody.
//!
//! As `Shared` of futures-util, but that its end does not wake who has just been told of it, and that who waits alone,
//! which is most often so, is woken by it directly.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};

type Course<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// It, as everybody has it who waits for it or is behind it. When the last of them drops it, it is given up.
pub(super) struct Driven<T>(Arc<Mutex<State<T>>>);

/// The same of one who does not keep it.
pub(super) struct WeakDriven<T>(Weak<Mutex<State<T>>>);

struct State<T> {
    /// None while somebody polls it, which is done without the lock, and once it is over.
    course: Option<Course<T>>,
    /// Whether anybody asked meanwhile: woken, and in vain.
    has_missed: bool,
    said: Option<T>,
    wakers: Wakers,
}

/// Who is to be woken.
enum Wakers {
    Nobody,
    Only(Waker),
    Several(Arc<Several>),
}

/// By the number of each. One that was woken is none until it asks again.
struct Several {
    wakers: Mutex<Vec<Option<Waker>>>,
    /// Whether they were woken since it was last polled.
    is_spent: AtomicBool,
}

impl<T: Clone> Driven<T> {
    /// The future must not panic: nobody would be told.
    pub(super) fn new(future: impl Future<Output = T> + Send + 'static) -> Self {
        let state = State { course: Some(Box::pin(future)), has_missed: false, said: None, wakers: Wakers::Nobody };
        Self(Arc::new(Mutex::new(state)))
    }

    pub(super) fn downgrade(&self) -> WeakDriven<T> {
        WeakDriven(Arc::downgrade(&self.0))
    }

    pub(super) fn is_over(&self) -> bool {
        self.lock().said.is_some()
    }

    /// Drives it until it is over, and lets go of it: the last one has what it said for himself. Dropping the future leaves
    /// it to the others.
    pub(super) async fn said(self) -> T {
        let mut number = None;
        poll_fn(|context| self.poll(&mut number, context)).await
    }

    fn poll(&self, number: &mut Option<usize>, context: &Context<'_>) -> Poll<T> {
        loop {
            let mut state = self.lock();
            if let Some(said) = &state.said {
                return Poll::Ready(said.clone());
            }
            state.wakers.note(number, context.waker());
            // Whoever polls it now polls it again for those who have come meanwhile, and wakes those who were there.
            let Some(mut course) = state.course.take() else {
                state.has_missed = true;
                return Poll::Pending;
            };
            state.has_missed = false;
            let several = state.wakers.several();
            several.iter().for_each(|several| several.is_spent.store(false, Ordering::Release));
            drop(state);
            let polled = match &several {
                Some(several) => course.as_mut().poll(&mut Context::from_waker(&several.clone().into())),
                None => course.as_mut().poll(&mut Context::from_waker(context.waker())),
            };
            let mut state = self.lock();
            if let Poll::Ready(said) = polled {
                state.said = Some(said.clone());
                let several = state.wakers.several();
                drop(state);
                several.into_iter().for_each(|several| several.wake_others(*number));
                return Poll::Ready(said);
            }
            state.course = Some(course);
            match several {
                // It was woken meanwhile, and who was to poll it again for that may not come back.
                Some(several) if state.has_missed && several.is_spent.load(Ordering::Acquire) => {
                    drop(state);
                    several.wake_noted();
                    return Poll::Pending;
                }
                None if state.wakers.several().is_some() => {}
                _ => return Poll::Pending,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Clone for Driven<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> WeakDriven<T> {
    /// It, if anybody still has it.
    pub(super) fn upgrade(&self) -> Option<Driven<T>> {
        self.0.upgrade().map(Driven)
    }
}

impl Wakers {
    fn several(&self) -> Option<Arc<Several>> {
        match self {
            Self::Several(several) => Some(several.clone()),
            Self::Nobody | Self::Only(_) => None,
        }
    }

    /// Notes by what to wake somebody, who is given a number by that.
    fn note(&mut self, number: &mut Option<usize>, waker: &Waker) {
        match (&mut *self, &mut *number) {
            (Self::Nobody, None) => (*self, *number) = (Self::Only(waker.clone()), Some(0)),
            (Self::Only(only), Some(_)) => only.clone_from(waker),
            (Self::Only(only), None) => {
                let both = vec![Some(only.clone()), Some(waker.clone())];
                let several = Several { wakers: Mutex::new(both), is_spent: AtomicBool::new(false) };
                (*self, *number) = (Self::Several(Arc::new(several)), Some(1));
            }
            (Self::Several(several), number) => several.note(number, waker),
            (Self::Nobody, Some(_)) => unreachable!("who has a number is noted"),
        }
    }
}

impl Several {
    fn note(&self, number: &mut Option<usize>, waker: &Waker) {
        let mut wakers = self.lock();
        match number {
            Some(number) => wakers[*number] = Some(waker.clone()),
            None => {
                *number = Some(wakers.len());
                wakers.push(Some(waker.clone()));
            }
        }
    }

    fn wake_others(&self, than: Option<usize>) {
        let mut wakers = std::mem::take(&mut *self.lock());
        if let Some(own) = than.and_then(|own| wakers.get_mut(own)) {
            *own = None;
        }
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    fn wake_noted(&self) {
        let noted: Vec<_> = self.lock().iter_mut().filter_map(Option::take).collect();
        noted.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Option<Waker>>> {
        self.wakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Several {
    fn wake(self: Arc<Self>) {
        self.is_spent.store(true, Ordering::Release);
        self.wake_noted();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::pin::pin;
    use std::sync::OnceLock;
    use std::sync::atomic::AtomicUsize;
    use tokio::sync::oneshot;

    /// How often it was woken.
    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Woken {
        fn count(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }
    }

    fn ask<T>(future: Pin<&mut (impl Future<Output = T> + ?Sized)>, by: &Arc<Woken>) -> Poll<T> {
        future.poll(&mut Context::from_waker(&by.clone().into()))
    }

    /// It, and what ends it.
    fn driven() -> (Driven<u8>, oneshot::Sender<u8>) {
        let (end, ended) = oneshot::channel();
        (Driven::new(async move { ended.await.unwrap_or(0) }), end)
    }

    #[test]
    fn who_waits_alone_is_woken_once() {
        let ((driven, end), woken) = (driven(), Arc::<Woken>::default());
        let mut said = pin!(driven.clone().said());
        assert!(ask(said.as_mut(), &woken).is_pending() && !driven.is_over());
        end.send(7).expect("it is waited for");
        assert_eq!((woken.count(), ask(said, &woken)), (1, Poll::Ready(7)));
        assert_eq!((woken.count(), driven.is_over()), (1, true));
    }

    #[test]
    fn whoever_asks_again_drives_it_and_all_others_are_woken() {
        let ((driven, end), woken) = (driven(), [(); 3].map(|()| Arc::<Woken>::default()));
        let [mut slow, mut gone, mut quick] = [(); 3].map(|()| Box::pin(driven.clone().said()));
        for (said, woken) in [&mut slow, &mut gone, &mut quick].into_iter().zip(&woken) {
            assert!(ask(said.as_mut(), woken).is_pending());
        }
        drop(gone);
        end.send(7).expect("it is waited for");
        assert_eq!(woken.each_ref().map(|woken| woken.count()), [1; 3], "also who waited alone at first");
        assert_eq!(ask(quick.as_mut(), &woken[2]), Poll::Ready(7), "though the first has not asked again");
        assert_eq!(ask(slow.as_mut(), &woken[0]), Poll::Ready(7));
        assert_eq!(driven.said().now_or_never(), Some(7), "and who comes later");
    }

    #[test]
    fn who_comes_while_it_is_polled_is_woken_as_well() {
        let (own, late) = (Arc::new(OnceLock::<WeakDriven<()>>::new()), Arc::<Woken>::default());
        let waker = Arc::new(Mutex::new(None::<Waker>));
        let (here, kept, latecomer) = (own.clone(), waker.clone(), late.clone());
        let mut polls = 0;
        let driven = Driven::new(poll_fn(move |context| {
            polls += 1;
            if polls == 1 {
                let inner = here.get().and_then(WeakDriven::upgrade).expect("somebody polls it");
                assert!(ask(pin!(inner.said()), &latecomer).is_pending());
            }
            *kept.lock().expect("no panic") = Some(context.waker().clone());
            Poll::<()>::Pending
        }));
        own.set(driven.downgrade()).ok().expect("it is set once");
        let first = Arc::<Woken>::default();
        assert!(ask(pin!(driven.clone().said()), &first).is_pending());
        waker.lock().expect("no panic").take().expect("it waits").wake();
        assert_eq!((first.count(), late.count()), (1, 1));
    }

    #[test]
    fn who_asks_in_vain_while_it_is_polled_need_not_rely_on_who_polls_it() {
        let (other, woken) = (Arc::new(Mutex::new(None)), Arc::<Woken>::default());
        let (asked, by) = (other.clone(), woken.clone());
        let driven = Driven::new(poll_fn(move |context| {
            let Some(mut said) = asked.lock().expect("no panic").take() else { return Poll::<()>::Pending };
            context.waker().wake_by_ref();
            assert!(ask(Pin::as_mut(&mut said), &by).is_pending());
            *asked.lock().expect("no panic") = Some(said);
            Poll::Pending
        }));
        let mut first = Box::pin(driven.clone().said());
        assert!(ask(first.as_mut(), &Arc::default()).is_pending());
        let mut said: Course<()> = Box::pin(driven.said());
        assert!(ask(said.as_mut(), &woken).is_pending());
        *other.lock().expect("no panic") = Some(said);
        assert!(ask(first.as_mut(), &Arc::default()).is_pending());
        drop(first);
        assert_eq!(woken.count(), 2, "once in vain, and once more");
    }

    #[test]
    fn what_nobody_has_any_more_is_given_up() {
        let ((driven, end), woken) = (driven(), Arc::<Woken>::default());
        let weak = driven.downgrade();
        assert!(ask(pin!(driven.clone().said()), &woken).is_pending());
        assert!(weak.upgrade().is_some() && !end.is_closed());
        drop(driven);
        assert!(weak.upgrade().is_none() && end.is_closed());
    }
}
