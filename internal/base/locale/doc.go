// Package locale says everything the bank says to people: texts, sums, dates,
// numbers and telephone numbers, in Russian and in English.
//
// Texts live in text/<room>.txt, one file per room, and are embedded. An entry
// is a key, then one line per language; {name} are places for arguments, `\n`
// breaks a line, and the forms of a plural are split by a bar:
//
//	# comment
//	transfer.insufficient_funds
//	ru: Не хватает {missing}. Пополните карту или выберите другую.
//	en: You are {missing} short. Top up or choose another card.
//
//	access.tries_left
//	ru: Осталась {n} попытка|Осталось {n} попытки|Осталось {n} попыток
//	en: {n} try left|{n} tries left
//
// A test fails when a language, a form or a place is missing. Pages and rooms
// never put a number or a date together by hand; the rules of doing it are
// here and have golden tests.
package locale
