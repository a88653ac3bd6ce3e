// The event stream of a page. The browser's own EventSource comes back after a
// cut with Last-Event-ID and stops for good at 401, 204 or a login page; a
// hidden tab lets its stream go. Data is HTML of <hx-partial> pieces.
const el = document.querySelector('[data-live]');
if (el && window.htmx) {
  let stream;
  const open = () => {
    if (stream || document.hidden) return;
    stream = new EventSource(el.dataset.live);
    stream.onmessage = (e) => htmx.swap({ text: e.data, sourceElement: el, target: el, swap: 'none' });
    stream.addEventListener('bye', () => stream.close());
  };
  const close = () => { stream?.close(); stream = null; };
  document.addEventListener('visibilitychange', () => document.hidden ? close() : open());
  addEventListener('pagehide', close);
  addEventListener('pageshow', open);
  open();
}
