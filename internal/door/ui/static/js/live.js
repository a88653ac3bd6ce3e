// The event stream of a page. The browser's own EventSource comes back after a
// cut; «bye» ends it for good; a hidden tab lets its stream go and gets
// the whole state anew when it is seen again. Data is HTML of <hx-partial> pieces.
const el = document.querySelector('[data-live]');
if (el && window.htmx) {
  let stream, over;
  const open = () => {
    if (stream || over || document.hidden) return;
    stream = new EventSource(el.dataset.live);
    stream.onmessage = (e) => htmx.swap({ text: e.data, sourceElement: el, target: el, swap: 'none' });
    stream.addEventListener('bye', () => { over = true; close(); });
    // A busy bank (429, 503) ends the browser's own tries: a minute later again.
    stream.onerror = () => {
      if (stream?.readyState !== 2) return;
      stream = null;
      setTimeout(open, 60000);
    };
  };
  const close = () => { stream?.close(); stream = null; };
  document.addEventListener('visibilitychange', () => document.hidden ? close() : open());
  addEventListener('pagehide', close);
  addEventListener('pageshow', open);
  open();
}
