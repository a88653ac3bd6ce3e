package threeds

import "strings"

// KnownCurrency tells a code of ISO 4217 (numeric) that may be paid in.
func KnownCurrency(code string) bool {
	return len(code) == 3 && strings.Contains(currencies, code) && digits(code)
}

// CurrencyLetters gives the letters of a currency's code, «USD» for 840; "" of
// an unknown one.
func CurrencyLetters(code string) string {
	if !KnownCurrency(code) {
		return ""
	}
	_, rest, _ := strings.Cut(currencies, code)
	return rest[:3]
}

// KnownCountry tells a code of ISO 3166-1 (numeric).
func KnownCountry(code string) bool {
	return len(code) == 3 && strings.Contains(countries, code) && digits(code)
}

// KnownMCC tells a merchant category of ISO 18245 in a range that is given
// out. The ranges and not the single codes: new trades come every year, and a
// purchase must not fail because our list is older than the shop's.
func KnownMCC(code string) bool {
	if len(code) != 4 || !digits(code) {
		return false
	}
	switch {
	case code >= "0700" && code <= "0799", // farming
		code >= "1500" && code <= "1799", // building
		code >= "2700" && code <= "2899", // printing
		code >= "3000" && code <= "3999", // airlines, cars, hotels by name
		code >= "4000" && code <= "8999", // transport, shops, services
		code >= "9200" && code <= "9799", // the state
		code == "9950":
		return true
	}
	return false
}

// currencies are ISO 4217, numeric and letters, without the metals, units of
// account and test codes that the protocol takes out (955–964, 999).
const currencies = "" +
	"008ALL 012DZD 032ARS 036AUD 044BSD 048BHD 050BDT 051AMD 052BBD 060BMD 064BTN 068BOB 072BWP 084BZD " +
	"090SBD 096BND 104MMK 108BIF 116KHR 124CAD 132CVE 136KYD 144LKR 152CLP 156CNY 170COP 174KMF 188CRC " +
	"191HRK 192CUP 203CZK 208DKK 214DOP 222SVC 230ETB 232ERN 238FKP 242FJD 262DJF 270GMD 292GIP 320GTQ " +
	"324GNF 328GYD 332HTG 340HNL 344HKD 348HUF 352ISK 356INR 360IDR 364IRR 368IQD 376ILS 388JMD 392JPY " +
	"398KZT 400JOD 404KES 408KPW 410KRW 414KWD 417KGS 418LAK 422LBP 426LSL 430LRD 434LYD 446MOP 454MWK " +
	"458MYR 462MVR 480MUR 484MXN 496MNT 498MDL 504MAD 512OMR 516NAD 524NPR 532ANG 533AWG 548VUV 554NZD " +
	"558NIO 566NGN 578NOK 586PKR 590PAB 598PGK 600PYG 604PEN 608PHP 634QAR 643RUB 646RWF 654SHP 682SAR " +
	"690SCR 694SLL 702SGD 704VND 706SOS 710ZAR 728SSP 748SZL 752SEK 756CHF 760SYP 764THB 776TOP 780TTD " +
	"784AED 788TND 800UGX 807MKD 818EGP 826GBP 834TZS 840USD 858UYU 860UZS 882WST 886YER 901TWD 924ZWG " +
	"925SLE 926VED 927UYW 928VES 929MRU 930STN 931CUC 932ZWL 933BYN 934TMT 936GHS 938SDG 940UYI 941RSD " +
	"943MZN 944AZN 946RON 947CHE 948CHW 949TRY 950XAF 951XCD 952XOF 953XPF 965XUA 967ZMW 968SRD 969MGA " +
	"970COU 971AFN 972TJS 973AOA 975BGN 976CDF 977BAM 978EUR 979MXV 980UAH 981GEL 984BOV 985PLN 986BRL " +
	"990CLF 994XSU 997USN "

// countries are ISO 3166-1.
const countries = "" +
	"004 008 010 012 016 020 024 028 031 032 036 040 044 048 050 051 052 056 060 064 068 070 072 074 " +
	"076 084 086 090 092 096 100 104 108 112 116 120 124 132 136 140 144 148 152 156 158 162 166 170 " +
	"174 175 178 180 184 188 191 192 196 203 204 208 212 214 218 222 226 231 232 233 234 238 239 242 " +
	"246 248 250 254 258 260 262 266 268 270 275 276 288 292 296 300 304 308 312 316 320 324 328 332 " +
	"334 336 340 344 348 352 356 360 364 368 372 376 380 384 388 392 398 400 404 408 410 414 417 418 " +
	"422 426 428 430 434 438 440 442 446 450 454 458 462 466 470 474 478 480 484 492 496 498 499 500 " +
	"504 508 512 516 520 524 528 531 533 534 535 540 548 554 558 562 566 570 574 578 580 581 583 584 " +
	"585 586 591 598 600 604 608 612 616 620 624 626 630 634 638 642 643 646 652 654 659 660 662 663 " +
	"666 670 674 678 682 686 688 690 694 702 703 704 705 706 710 716 724 728 729 732 740 744 748 752 " +
	"756 760 762 764 768 772 776 780 784 788 792 795 796 798 800 804 807 818 826 831 832 833 834 840 " +
	"850 854 858 860 862 876 882 887 894 "
