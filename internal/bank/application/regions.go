package application

import (
	"strings"
	"time"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/locale"
)

// Region is a part of the country, which says what time it is there.
type Region struct {
	Code    string // «77»
	name    string
	english string
	zone    string
}

// Name is the region's name in a language.
func (r Region) Name(lang locale.Lang) string {
	if lang == locale.English {
		return r.english
	}
	return r.name
}

// Zone is the time zone in which people there are called. Where a region has
// several it is the one most people live in.
func (r Region) Zone() *time.Location {
	z, err := time.LoadLocation(r.zone)
	if err != nil {
		return clock.Moscow
	}
	return z
}

// RegionOf finds a region by its code or its name; false when there is none.
func RegionOf(s string) (Region, bool) {
	s = strings.TrimSpace(s)
	for _, r := range Regions() {
		if r.Code == s || strings.EqualFold(r.name, s) || strings.EqualFold(r.english, s) {
			return r, true
		}
	}
	return Region{}, false
}

// Regions lists the regions, the two capitals first.
func Regions() []Region {
	return []Region{
		{"77", "Москва", "Moscow", "Europe/Moscow"},
		{"78", "Санкт-Петербург", "Saint Petersburg", "Europe/Moscow"},
		{"50", "Московская область", "Moscow Oblast", "Europe/Moscow"},
		{"47", "Ленинградская область", "Leningrad Oblast", "Europe/Moscow"},
		{"01", "Республика Адыгея", "Adygea", "Europe/Moscow"},
		{"04", "Республика Алтай", "Altai Republic", "Asia/Barnaul"},
		{"22", "Алтайский край", "Altai Krai", "Asia/Barnaul"},
		{"28", "Амурская область", "Amur Oblast", "Asia/Yakutsk"},
		{"29", "Архангельская область", "Arkhangelsk Oblast", "Europe/Moscow"},
		{"30", "Астраханская область", "Astrakhan Oblast", "Europe/Astrakhan"},
		{"02", "Республика Башкортостан", "Bashkortostan", "Asia/Yekaterinburg"},
		{"31", "Белгородская область", "Belgorod Oblast", "Europe/Moscow"},
		{"32", "Брянская область", "Bryansk Oblast", "Europe/Moscow"},
		{"03", "Республика Бурятия", "Buryatia", "Asia/Irkutsk"},
		{"33", "Владимирская область", "Vladimir Oblast", "Europe/Moscow"},
		{"34", "Волгоградская область", "Volgograd Oblast", "Europe/Moscow"},
		{"35", "Вологодская область", "Vologda Oblast", "Europe/Moscow"},
		{"36", "Воронежская область", "Voronezh Oblast", "Europe/Moscow"},
		{"05", "Республика Дагестан", "Dagestan", "Europe/Moscow"},
		{"79", "Еврейская автономная область", "Jewish Autonomous Oblast", "Asia/Vladivostok"},
		{"75", "Забайкальский край", "Zabaykalsky Krai", "Asia/Chita"},
		{"37", "Ивановская область", "Ivanovo Oblast", "Europe/Moscow"},
		{"06", "Республика Ингушетия", "Ingushetia", "Europe/Moscow"},
		{"38", "Иркутская область", "Irkutsk Oblast", "Asia/Irkutsk"},
		{"07", "Кабардино-Балкарская Республика", "Kabardino-Balkaria", "Europe/Moscow"},
		{"39", "Калининградская область", "Kaliningrad Oblast", "Europe/Kaliningrad"},
		{"08", "Республика Калмыкия", "Kalmykia", "Europe/Moscow"},
		{"40", "Калужская область", "Kaluga Oblast", "Europe/Moscow"},
		{"41", "Камчатский край", "Kamchatka Krai", "Asia/Kamchatka"},
		{"09", "Карачаево-Черкесская Республика", "Karachay-Cherkessia", "Europe/Moscow"},
		{"10", "Республика Карелия", "Karelia", "Europe/Moscow"},
		{"42", "Кемеровская область — Кузбасс", "Kemerovo Oblast", "Asia/Novokuznetsk"},
		{"43", "Кировская область", "Kirov Oblast", "Europe/Moscow"},
		{"11", "Республика Коми", "Komi Republic", "Europe/Moscow"},
		{"44", "Костромская область", "Kostroma Oblast", "Europe/Moscow"},
		{"23", "Краснодарский край", "Krasnodar Krai", "Europe/Moscow"},
		{"24", "Красноярский край", "Krasnoyarsk Krai", "Asia/Krasnoyarsk"},
		{"82", "Республика Крым", "Crimea", "Europe/Simferopol"},
		{"45", "Курганская область", "Kurgan Oblast", "Asia/Yekaterinburg"},
		{"46", "Курская область", "Kursk Oblast", "Europe/Moscow"},
		{"48", "Липецкая область", "Lipetsk Oblast", "Europe/Moscow"},
		{"49", "Магаданская область", "Magadan Oblast", "Asia/Magadan"},
		{"12", "Республика Марий Эл", "Mari El", "Europe/Moscow"},
		{"13", "Республика Мордовия", "Mordovia", "Europe/Moscow"},
		{"51", "Мурманская область", "Murmansk Oblast", "Europe/Moscow"},
		{"83", "Ненецкий автономный округ", "Nenets Autonomous Okrug", "Europe/Moscow"},
		{"52", "Нижегородская область", "Nizhny Novgorod Oblast", "Europe/Moscow"},
		{"53", "Новгородская область", "Novgorod Oblast", "Europe/Moscow"},
		{"54", "Новосибирская область", "Novosibirsk Oblast", "Asia/Novosibirsk"},
		{"55", "Омская область", "Omsk Oblast", "Asia/Omsk"},
		{"56", "Оренбургская область", "Orenburg Oblast", "Asia/Yekaterinburg"},
		{"57", "Орловская область", "Oryol Oblast", "Europe/Moscow"},
		{"58", "Пензенская область", "Penza Oblast", "Europe/Moscow"},
		{"59", "Пермский край", "Perm Krai", "Asia/Yekaterinburg"},
		{"25", "Приморский край", "Primorsky Krai", "Asia/Vladivostok"},
		{"60", "Псковская область", "Pskov Oblast", "Europe/Moscow"},
		{"61", "Ростовская область", "Rostov Oblast", "Europe/Moscow"},
		{"62", "Рязанская область", "Ryazan Oblast", "Europe/Moscow"},
		{"63", "Самарская область", "Samara Oblast", "Europe/Samara"},
		{"64", "Саратовская область", "Saratov Oblast", "Europe/Saratov"},
		{"14", "Республика Саха (Якутия)", "Sakha (Yakutia)", "Asia/Yakutsk"},
		{"65", "Сахалинская область", "Sakhalin Oblast", "Asia/Sakhalin"},
		{"66", "Свердловская область", "Sverdlovsk Oblast", "Asia/Yekaterinburg"},
		{"92", "Севастополь", "Sevastopol", "Europe/Simferopol"},
		{"15", "Республика Северная Осетия — Алания", "North Ossetia–Alania", "Europe/Moscow"},
		{"67", "Смоленская область", "Smolensk Oblast", "Europe/Moscow"},
		{"26", "Ставропольский край", "Stavropol Krai", "Europe/Moscow"},
		{"68", "Тамбовская область", "Tambov Oblast", "Europe/Moscow"},
		{"16", "Республика Татарстан", "Tatarstan", "Europe/Moscow"},
		{"69", "Тверская область", "Tver Oblast", "Europe/Moscow"},
		{"70", "Томская область", "Tomsk Oblast", "Asia/Tomsk"},
		{"71", "Тульская область", "Tula Oblast", "Europe/Moscow"},
		{"17", "Республика Тыва", "Tuva", "Asia/Krasnoyarsk"},
		{"72", "Тюменская область", "Tyumen Oblast", "Asia/Yekaterinburg"},
		{"18", "Удмуртская Республика", "Udmurtia", "Europe/Samara"},
		{"73", "Ульяновская область", "Ulyanovsk Oblast", "Europe/Ulyanovsk"},
		{"27", "Хабаровский край", "Khabarovsk Krai", "Asia/Vladivostok"},
		{"19", "Республика Хакасия", "Khakassia", "Asia/Krasnoyarsk"},
		{"86", "Ханты-Мансийский автономный округ — Югра", "Khanty-Mansi Autonomous Okrug", "Asia/Yekaterinburg"},
		{"74", "Челябинская область", "Chelyabinsk Oblast", "Asia/Yekaterinburg"},
		{"20", "Чеченская Республика", "Chechnya", "Europe/Moscow"},
		{"21", "Чувашская Республика", "Chuvashia", "Europe/Moscow"},
		{"87", "Чукотский автономный округ", "Chukotka Autonomous Okrug", "Asia/Anadyr"},
		{"89", "Ямало-Ненецкий автономный округ", "Yamalo-Nenets Autonomous Okrug", "Asia/Yekaterinburg"},
		{"76", "Ярославская область", "Yaroslavl Oblast", "Europe/Moscow"},
	}
}
