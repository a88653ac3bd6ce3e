// Where the browser lends the phone's own address book, one person of it fills
// the form. Nobody else of it is seen by the page, and nothing is sent.
const button = document.querySelector('[data-contacts]');
if (button && navigator.contacts?.select) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    const [who] = await navigator.contacts.select(['name', 'tel']).catch(() => []);
    for (const [name, value] of [['name', who?.name?.[0]], ['phone', who?.tel?.[0]]]) {
      const field = button.form.elements[name];
      if (!value) continue;
      field.value = value;
      field.dispatchEvent(new Event('input', { bubbles: true }));
    }
  });
}
