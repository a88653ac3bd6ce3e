// The console: passkeys and keyboard shortcuts.
