// What a page shows for a minute is wiped when it is left before: neither the
// back button nor a tab that was put to sleep brings requisites.
addEventListener('pagehide', () => document.querySelectorAll('[data-secret]').forEach((el) => el.remove()));
