// Package e2e tells stories through the doors: a real browser, real sockets
// and the real program, on both databases. It holds tests only.
//
// A story starts the demo with startDemo, opens people's browsers with Open
// and reads like what a person does: Go, Fill, Press, Sees. Each browser is an
// incognito window of its own, and whatever it complains about — a console
// error, a blocked inline script, an answer of 5xx, a failed load — fails the
// test unless the story allowed it by name.
//
// Environment: ROCKETBANK_BROWSER names the Chromium to use (default
// chromium-headless-shell, else chromium), ROCKETBANK_ARTEFACTS the folder
// that keeps the screenshots, ROCKETBANK_SCREENS the one where the pictures of
// docs/screens are drawn anew.
package e2e
