// Package ui is the look of the web doors: tokens and components of the design
// guide, icons, fonts, the brand, the small scripts, and the handler that
// serves them under content-hashed names.
//
// Components are pure: they read a Page and plain values and write HTML. They
// know no service and no request. Nothing they write needs an inline style or
// script, so the strict Content-Security-Policy of the doors holds everywhere.
package ui
