// Installs the offline shell; a newer one waits for the reader's tap.
if ('serviceWorker' in navigator && window.isSecureContext) {
  navigator.serviceWorker.register('/worker.js').then((reg) => {
    const offer = (w) => {
      const tpl = document.getElementById('updated');
      if (!navigator.serviceWorker.controller || !tpl) return;
      const toast = tpl.content.cloneNode(true);
      toast.querySelector('button').onclick = () => {
        navigator.serviceWorker.oncontrollerchange = () => location.reload();
        w.postMessage('take over');
      };
      document.getElementById('toasts').append(toast);
    };
    if (reg.waiting) offer(reg.waiting);
    reg.onupdatefound = () => {
      const w = reg.installing;
      w.onstatechange = () => w.state === 'installed' && offer(w);
    };
  }).catch(() => {});
}
// In the app switcher of an installed app the sums are out of focus.
if (matchMedia('(display-mode:standalone)').matches)
  document.addEventListener('visibilitychange', () => document.documentElement.classList.toggle('veil', document.hidden));
