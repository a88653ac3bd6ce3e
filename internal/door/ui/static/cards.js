// What a page shows for a minute is wiped when it is left before: neither the
// back button nor a tab that was put to sleep brings requisites. Who comes back
// or reloads is asked anew, for the answer of a form is no place in the history.
history.replaceState(null, '', location.href);
addEventListener('pagehide', () => document.querySelectorAll('[data-secret]').forEach((el) => el.remove()));
