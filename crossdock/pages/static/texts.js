/**
 * Every text of the pages, in each language side by side. `{name}` is filled in.
 *
 * What a manifest says (labels, help) is English; the labels that most systems share are translated here.
 */

export const TEXTS = {
  "moment": ["One moment …", "Einen Moment …"],
  "close": ["Close", "Schließen"],
  "back": ["Back", "Zurück"],
  "continue": ["Continue", "Weiter"],
  "done": ["Done", "Fertig"],
  "retry": ["Try again", "Noch einmal versuchen"],
  "connect": ["Connect", "Verbinden"],
  "optional": ["optional", "optional"],
  "new_window": ["opens in a new window", "öffnet ein neues Fenster"],

  "intro.title.wms": ["Connect your warehouse to {organization}", "Ihr Lager mit {organization} verbinden"],
  "intro.title.cart": ["Connect your shop to {organization}", "Ihren Shop mit {organization} verbinden"],
  "intro.title.carrier": ["Connect your carrier to {organization}", "Ihren Versanddienst mit {organization} verbinden"],
  "intro.title.freight": ["Connect your freight forwarder to {organization}", "Ihre Spedition mit {organization} verbinden"],
  "intro.title.system": ["Connect {system} to {organization}", "{system} mit {organization} verbinden"],
  "intro.title.repair": ["Reconnect {system}", "{system} neu verbinden"],
  "intro.repair": [
    "Sign in again to repair this connection. Its data and settings stay as they are.",
    "Melden Sie sich neu an, um die Verbindung zu reparieren. Daten und Einstellungen bleiben erhalten.",
  ],
  "intro.safe.title": ["Kept safe", "Sicher verwahrt"],
  "intro.safe.text": [
    "What you enter is encrypted and used for this connection only.",
    "Ihre Angaben werden verschlüsselt und nur für diese Verbindung benutzt.",
  ],
  "intro.checked.title": ["Checked at once", "Sofort geprüft"],
  "intro.checked.text": [
    "We try it straight away and show you what works.",
    "Wir probieren es gleich aus und zeigen, was funktioniert.",
  ],
  "intro.yours.title": ["Yours to end", "Jederzeit beendbar"],
  "intro.yours.text": [
    "Change or withdraw the access in your own system whenever you like.",
    "Sie können den Zugang in Ihrem System jederzeit ändern oder entziehen.",
  ],
  "intro.terms.both": [
    "By continuing you accept the {terms} and the {privacy} of {organization}.",
    "Mit „Weiter“ akzeptieren Sie die {terms} und die {privacy} von {organization}.",
  ],
  "intro.terms.terms": [
    "By continuing you accept the {terms} of {organization}.",
    "Mit „Weiter“ akzeptieren Sie die {terms} von {organization}.",
  ],
  "intro.terms.privacy": [
    "See the {privacy} of {organization}.",
    "Es gilt die {privacy} von {organization}.",
  ],
  "terms": ["terms of service", "Nutzungsbedingungen"],
  "privacy": ["privacy policy", "Datenschutzerklärung"],

  "picker.title.wms": ["Which warehouse system do you use?", "Welches Lagersystem benutzen Sie?"],
  "picker.title.cart": ["Which shop system do you use?", "Welches Shopsystem benutzen Sie?"],
  "picker.title.carrier": ["Which carrier do you use?", "Welchen Versanddienst benutzen Sie?"],
  "picker.title.freight": ["Which freight forwarder do you use?", "Welche Spedition benutzen Sie?"],
  "picker.search": ["Search", "Suchen"],
  "picker.clear": ["Clear the search", "Suche leeren"],
  "picker.count.one": ["1 system", "1 System"],
  "picker.count.many": ["{count} systems", "{count} Systeme"],
  "picker.nothing": ["Nothing matches “{query}”", "Nichts passt zu „{query}“"],
  "picker.unlisted": [
    "Try another spelling. Is your system not listed? Tell {organization} which one you use.",
    "Versuchen Sie eine andere Schreibweise. Fehlt Ihr System? Sagen Sie {organization}, welches Sie benutzen.",
  ],
  "picker.empty": ["There is nothing to connect here yet", "Hier gibt es noch nichts zu verbinden"],
  "picker.empty.text": [
    "Please tell {organization} which system you use.",
    "Bitte sagen Sie {organization}, welches System Sie benutzen.",
  ],

  "form.title": ["Sign in to {system}", "Bei {system} anmelden"],
  "form.title.plain": ["Connect {system}", "{system} verbinden"],
  "form.docs": ["How to get these details", "So finden Sie diese Angaben"],
  "form.where": ["Where do I find it?", "Wo finde ich das?"],
  "form.example": ["For example {example}", "Zum Beispiel {example}"],
  "form.show": ["Show {label}", "{label} anzeigen"],
  "form.hide": ["Hide {label}", "{label} verbergen"],
  "form.kept": ["Leave empty to keep what is stored", "Leer lassen, um den gespeicherten Wert zu behalten"],
  "form.choose": ["Please choose", "Bitte wählen"],
  "form.nothing": ["There is nothing to fill in.", "Hier ist nichts auszufüllen."],
  "form.lines": ["Pasted with its {count} lines", "Mit seinen {count} Zeilen eingefügt"],
  "form.busy": ["Signing in to {system} …", "Anmeldung bei {system} …"],
  "form.busy.long": [
    "{system} is taking its time. Please keep this open.",
    "{system} lässt sich Zeit. Bitte lassen Sie dies geöffnet.",
  ],
  "field.required": ["Please fill in {label}", "Bitte füllen Sie {label} aus"],
  "field.again": [
    "Please fill in {label} again, as something else was changed",
    "Bitte füllen Sie {label} erneut aus, weil etwas anderes geändert wurde",
  ],
  "field.pattern": ["This does not look like {label}", "Das sieht nicht nach {label} aus"],
  "field.pattern.example": [
    "This does not look like {label}. It is of this form: {example}",
    "Das sieht nicht nach {label} aus. Es hat diese Form: {example}",
  ],
  "fields.faults": ["Please check what is marked below.", "Bitte prüfen Sie, was unten markiert ist."],

  "choice.source.upload": ["Upload them by hand", "Von Hand hochladen"],
  "choice.source.folder": ["From a folder on the server", "Aus einem Ordner auf dem Server"],
  "choice.source.sftp": ["Fetch them by SFTP", "Per SFTP abholen"],
  "choice.source.api": ["Straight from the carrier", "Direkt vom Versanddienst"],
  "label.source": ["How invoices get here", "Wie Rechnungen hierher kommen"],

  "oauth.title": ["Sign in at {system}", "Bei {system} anmelden"],
  "oauth.text": [
    "A window of {system} opens. Sign in there and allow the access; then this goes on by itself.",
    "Es öffnet sich ein Fenster von {system}. Melden Sie sich dort an und erlauben Sie den Zugriff; dann geht es hier von selbst weiter.",
  ],
  "oauth.text.redirect": [
    "You go on at {system}. Sign in there and allow the access; then you come back here.",
    "Es geht bei {system} weiter. Melden Sie sich dort an und erlauben Sie den Zugriff; dann kommen Sie hierher zurück.",
  ],
  "oauth.private": [
    "Your password stays between you and {system}.",
    "Ihr Passwort bleibt zwischen Ihnen und {system}.",
  ],
  "oauth.go": ["Continue to {system}", "Weiter zu {system}"],
  "oauth.opening": ["Opening {system} …", "{system} wird geöffnet …"],
  "oauth.waiting": ["Go on in the window of {system}", "Weiter im Fenster von {system}"],
  "oauth.waiting.text": [
    "This goes on by itself as soon as you have allowed the access.",
    "Sobald Sie den Zugriff erlaubt haben, geht es hier von selbst weiter.",
  ],
  "oauth.again": ["Open the window again", "Fenster noch einmal öffnen"],
  "oauth.closed": ["I closed the window", "Ich habe das Fenster geschlossen"],
  "oauth.closed.hint": [
    "Still signing in? Take your time, we will notice. If you closed the window, say so:",
    "Melden Sie sich noch an? Lassen Sie sich Zeit, wir bemerken es. Haben Sie das Fenster geschlossen?",
  ],
  "oauth.blocked": ["Your browser kept the window shut", "Ihr Browser hat das Fenster nicht geöffnet"],
  "oauth.blocked.text": ["Open it yourself, it is safe:", "Öffnen Sie es selbst, es ist sicher:"],
  "oauth.blocked.link": ["Open {system}", "{system} öffnen"],
  "oauth.here": ["Continue in this window", "In diesem Fenster weiter"],
  "oauth.timeout": [
    "Nothing came back from {system}. Please try again.",
    "Von {system} kam nichts zurück. Bitte versuchen Sie es noch einmal.",
  ],
  "oauth.finishing": ["Checking the access …", "Der Zugriff wird geprüft …"],

  "result.title": ["Successfully connected", "Erfolgreich verbunden"],
  "result.title.repair": ["Connection repaired", "Verbindung repariert"],
  "result.text": ["{system} now works with {organization}.", "{system} arbeitet jetzt mit {organization} zusammen."],
  "result.checking": ["Checking what works …", "Es wird geprüft, was funktioniert …"],
  "result.all": ["Everything works", "Alles funktioniert"],
  "result.partial": ["Some permissions are missing", "Einige Berechtigungen fehlen"],
  "result.partial.text": [
    "You can finish now and give them later: they are used as soon as they are there.",
    "Sie können jetzt abschließen und sie später erteilen: Sie werden benutzt, sobald sie da sind.",
  ],
  "result.some": ["All that can be checked works", "Alles, was sich prüfen lässt, funktioniert"],
  "result.unknown": ["It could not be checked yet", "Es ließ sich noch nicht prüfen"],
  "result.page": ["You can close this page.", "Sie können diese Seite schließen."],
  "result.page.title": ["All set", "Alles erledigt"],
  "result.more": ["Connect another system", "Ein weiteres System verbinden"],
  "result.why": ["Why?", "Warum?"],
  "state.ok": ["works", "funktioniert"],
  "state.missing": ["permission missing", "Berechtigung fehlt"],
  "state.unknown": ["not checked", "nicht geprüft"],
  "state.pending": ["being checked", "wird geprüft"],

  "stop.title": ["Stop connecting?", "Verbinden abbrechen?"],
  "stop.text": ["What you typed is not kept.", "Ihre Eingaben werden nicht aufgehoben."],
  "stop.text.busy": [
    "The sign-in to {system} is under way and may still succeed.",
    "Die Anmeldung bei {system} läuft und kann noch gelingen.",
  ],
  "stop.keep": ["Keep going", "Weitermachen"],
  "stop.stop": ["Stop", "Abbrechen"],

  "error.title": ["Something went wrong", "Etwas ist schiefgegangen"],
  "error.offline.title": ["No connection", "Keine Verbindung"],
  "error.offline": [
    "We can't be reached. Please check your internet connection and try again.",
    "Wir sind nicht erreichbar. Bitte prüfen Sie Ihre Internetverbindung und versuchen Sie es noch einmal.",
  ],
  "error.timeout": [
    "No answer came in time. Please try again.",
    "Es kam nicht rechtzeitig eine Antwort. Bitte versuchen Sie es noch einmal.",
  ],
  "error.internal_error": [
    "The fault is ours. Please try again in a moment.",
    "Der Fehler liegt bei uns. Bitte versuchen Sie es gleich noch einmal.",
  ],
  "error.unavailable": [
    "We are busy just now. Please try again in a moment.",
    "Bei uns ist gerade viel los. Bitte versuchen Sie es gleich noch einmal.",
  ],
  "error.too_many": [
    "That was a little fast. Please wait a minute and try again.",
    "Das war etwas schnell. Bitte warten Sie eine Minute und versuchen Sie es noch einmal.",
  ],
  "error.link_token_expired.title": ["This took too long", "Das hat zu lange gedauert"],
  "error.link_token_expired": [
    "For your safety it has run out. Please close this and start again.",
    "Zu Ihrer Sicherheit ist die Sitzung abgelaufen. Bitte schließen Sie dies und beginnen Sie von vorn.",
  ],
  "error.link_token_invalid.title": ["This can't start", "Das kann nicht beginnen"],
  "error.link_token_invalid": [
    "The page that you came from gave us nothing to begin with. Please reload it and try again.",
    "Die Seite, von der Sie kommen, hat uns nichts zum Beginnen gegeben. Bitte laden Sie sie neu.",
  ],
  "error.token_failed.title": ["This can't start yet", "Das kann noch nicht beginnen"],
  "error.token_failed": [
    "The page that you came from did not let us begin. Please try again, or reload the page.",
    "Die Seite, von der Sie kommen, hat den Beginn nicht erlaubt. Bitte versuchen Sie es noch einmal oder laden Sie die Seite neu.",
  ],
  "error.origin.title": ["Not on this page", "Nicht auf dieser Seite"],
  "error.origin": [
    "{organization} does not use this form on {origin}.",
    "{organization} benutzt dieses Formular nicht auf {origin}.",
  ],
  "error.alone.title": ["Nothing to see here", "Hier gibt es nichts zu sehen"],
  "error.alone": [
    "This form belongs inside another page.",
    "Dieses Formular gehört in eine andere Seite.",
  ],
  "error.magic_link_expired.title": ["This link has expired", "Dieser Link ist abgelaufen"],
  "error.magic_link_expired": [
    "Please ask whoever sent it to you for a new one.",
    "Bitte lassen Sie sich einen neuen schicken.",
  ],
  "error.magic_link_used.title": ["This link was used already", "Dieser Link wurde schon benutzt"],
  "error.magic_link_used": [
    "The connection has been made. To make another, ask for a new link.",
    "Die Verbindung besteht schon. Für eine weitere lassen Sie sich einen neuen Link schicken.",
  ],
  "error.magic_link_unknown.title": ["This link does not work", "Dieser Link funktioniert nicht"],
  "error.magic_link_unknown": [
    "Please check that you have the whole link, or ask for a new one.",
    "Bitte prüfen Sie, ob der Link vollständig ist, oder lassen Sie sich einen neuen schicken.",
  ],
  "error.connection_gone.title": ["This connection is gone", "Diese Verbindung gibt es nicht mehr"],
  "error.connection_gone": [
    "It was deleted meanwhile. Please tell whoever asked you to connect.",
    "Sie wurde inzwischen gelöscht. Bitte sagen Sie es dem, der Sie darum gebeten hat.",
  ],
  "error.invalid_credentials": [
    "{system} refused this. Please check what you entered and try again.",
    "{system} hat das abgelehnt. Bitte prüfen Sie Ihre Angaben und versuchen Sie es noch einmal.",
  ],
  "error.login_throttled": [
    "{system} takes no sign-ins of this account for a while. Please try again later.",
    "{system} nimmt für dieses Konto gerade keine Anmeldungen an. Bitte versuchen Sie es später noch einmal.",
  ],
  "error.vendor_unavailable": [
    "{system} does not answer now. Please check the address, if you entered any, or try again in a few minutes.",
    "{system} antwortet gerade nicht. Bitte prüfen Sie die Adresse, falls Sie eine angegeben haben, oder versuchen Sie es in einigen Minuten noch einmal.",
  ],
  "error.vendor_refused": [
    "{system} answered in a way that does not fit. Please check what you entered.",
    "{system} hat unerwartet geantwortet. Bitte prüfen Sie Ihre Angaben.",
  ],
  "error.address_refused": [
    "This address can't be reached from here. Please check it.",
    "Diese Adresse ist von hier aus nicht erreichbar. Bitte prüfen Sie sie.",
  ],
  "error.not_configured.title": ["Not set up yet", "Noch nicht eingerichtet"],
  "error.not_configured": [
    "{system} can't be connected here yet. Please tell {organization}.",
    "{system} lässt sich hier noch nicht verbinden. Bitte sagen Sie es {organization}.",
  ],
  "error.integration_not_allowed": [
    "This system can't be connected here. Please choose another.",
    "Dieses System lässt sich hier nicht verbinden. Bitte wählen Sie ein anderes.",
  ],
  "error.not_found": [
    "This system is not offered any more. Please choose another.",
    "Dieses System wird nicht mehr angeboten. Bitte wählen Sie ein anderes.",
  ],
  "error.consent_denied": [
    "The access was not allowed at {system}. Please try again and allow it.",
    "Der Zugriff wurde bei {system} nicht erlaubt. Bitte versuchen Sie es noch einmal und erlauben Sie ihn.",
  ],
  "error.oauth_failed": [
    "{system} ended the sign-in. Please try again.",
    "{system} hat die Anmeldung beendet. Bitte versuchen Sie es noch einmal.",
  ],
  "error.oauth_expired": [
    "Signing in took too long. Please try again.",
    "Die Anmeldung hat zu lange gedauert. Bitte versuchen Sie es noch einmal.",
  ],
  "error.oauth_used": [
    "This sign-in was used already. Please begin again.",
    "Diese Anmeldung wurde schon benutzt. Bitte beginnen Sie noch einmal.",
  ],
  "error.wrong_browser": [
    "The sign-in was finished in another browser. Please try again in this one.",
    "Die Anmeldung wurde in einem anderen Browser beendet. Bitte versuchen Sie es in diesem noch einmal.",
  ],
  "error.flow_unknown": [
    "This took too long. Please try again.",
    "Das hat zu lange gedauert. Bitte versuchen Sie es noch einmal.",
  ],
  "error.flow_busy": [
    "Another window is connecting this already. Please wait a moment.",
    "Ein anderes Fenster verbindet das schon. Bitte warten Sie einen Moment.",
  ],
  "error.other": [
    "This did not work. Please try again.",
    "Das hat nicht geklappt. Bitte versuchen Sie es noch einmal.",
  ],
  "error.details": ["Details: {words}", "Einzelheiten: {words}"],

  "callback.ok.title": ["Signed in", "Angemeldet"],
  "callback.failed.title": ["That did not work", "Das hat nicht geklappt"],
  "callback.ok": [
    "You can close this window and go on where you came from.",
    "Sie können dieses Fenster schließen und dort weitermachen, wo Sie herkamen.",
  ],
  "callback.failed": [
    "Please close this window. Where you came from you see why, and can try again.",
    "Bitte schließen Sie dieses Fenster. Dort, wo Sie herkamen, sehen Sie warum und können es noch einmal versuchen.",
  ],

  "function.adjust_inventory": ["Adjust inventory", "Bestand anpassen"],
  "function.batch_adjust_inventory": ["Batch adjust inventory", "Mehrere Bestände anpassen"],
  "function.cancel_order": ["Cancel order", "Auftrag stornieren"],
  "function.cancel_return": ["Cancel return", "Retoure stornieren"],
  "function.create_inbound_shipment": ["Create inbound shipment", "Wareneingang anlegen"],
  "function.create_kit": ["Create kit", "Set anlegen"],
  "function.create_order": ["Create order", "Auftrag anlegen"],
  "function.create_order_file": ["Create order file", "Datei zum Auftrag hinzufügen"],
  "function.create_order_shipment": ["Create order shipment", "Sendung zum Auftrag anlegen"],
  "function.create_product": ["Create product", "Artikel anlegen"],
  "function.create_return": ["Create return", "Retoure anlegen"],
  "function.get_bills": ["Bills", "Abrechnungen"],
  "function.get_files": ["Files", "Dateien"],
  "function.get_inbound_shipment_suppliers": ["Inbound shipment suppliers", "Lieferanten der Wareneingänge"],
  "function.get_inbound_shipments": ["Inbound shipments", "Wareneingänge"],
  "function.get_inventory": ["Inventory", "Bestand"],
  "function.get_inventory_ledger": ["Inventory ledger", "Bestandsbewegungen"],
  "function.get_invoice_line_items": ["Invoice line items", "Rechnungspositionen"],
  "function.get_labor_activities": ["Labor activities", "Arbeitsleistungen"],
  "function.get_order_channels": ["Order channels", "Auftragskanäle"],
  "function.get_order_packs": ["Order packs", "Packstücke der Aufträge"],
  "function.get_orders": ["Orders", "Aufträge"],
  "function.get_products": ["Products", "Artikel"],
  "function.get_returns": ["Returns", "Retouren"],
  "function.get_shipments": ["Shipments", "Sendungen"],
  "function.get_shipping_methods": ["Shipping methods", "Versandarten"],
  "function.get_warehouse_customers": ["Warehouse customers", "Lagerkunden"],
  "function.get_warehouse_locations": ["Warehouse locations", "Lagerplätze"],
  "function.get_warehouses": ["Warehouses", "Lager"],
  "function.passthrough": ["Passthrough", "Direkte Aufrufe"],
  "function.receive_inbound_shipment": ["Receive inbound shipment", "Wareneingang vereinnahmen"],
  "function.refund_order": ["Refund order", "Auftrag erstatten"],
  "function.update_inbound_shipment": ["Update inbound shipment", "Wareneingang ändern"],
  "function.update_kit": ["Update kit", "Set ändern"],
  "function.update_order": ["Update order", "Auftrag ändern"],
  "function.update_product": ["Update product", "Artikel ändern"],
  "function.update_return": ["Update return", "Retoure ändern"],

  "reason.it shows when it is used": ["it shows when it is used", "es zeigt sich, wenn es benutzt wird"],
  "reason.there was no time to check it": ["there was no time to check it", "die Zeit reichte nicht, um es zu prüfen"],

  "label.API key": ["API key", "API-Schlüssel"],
  "label.API secret": ["API secret", "API-Geheimnis"],
  "label.Account number": ["Account number", "Kundennummer"],
  "label.Client ID": ["Client ID", "Client-ID"],
  "label.Client secret": ["Client secret", "Client-Geheimnis"],
  "label.Company": ["Company", "Firma"],
  "label.Email": ["Email", "E-Mail"],
  "label.Fingerprint": ["Fingerprint", "Fingerabdruck"],
  "label.Folder": ["Folder", "Ordner"],
  "label.Password": ["Password", "Passwort"],
  "label.Port": ["Port", "Port"],
  "label.Private key": ["Private key", "Privater Schlüssel"],
  "label.Server": ["Server", "Server"],
  "label.Token": ["Token", "Token"],
  "label.User": ["User", "Benutzer"],
  "label.User name": ["User name", "Benutzername"],
  "label.Username": ["Username", "Benutzername"],
};

export const LANGUAGES = ["en", "de"];

/** The language that fits best: of the first wish that there is one for. wishes: BCP 47 tags. */
export function languageOf(...wishes) {
  const languages = wishes.flat().filter(Boolean).map((wish) => String(wish).toLowerCase().split("-")[0]);
  return languages.find((language) => LANGUAGES.includes(language)) || "en";
}

/** The texts of a language. The values of a text are filled in as they are. */
export function translator(language) {
  const column = LANGUAGES.indexOf(language);
  const t = (key, values = {}) =>
    TEXTS[key][column].replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
  t.has = (key) => Object.hasOwn(TEXTS, key);
  t.language = language;
  /** The pieces of a text whose values are elements. */
  t.pieces = (key, values) =>
    TEXTS[key][column].split(/\{(\w+)\}/).map((piece, index) => (index % 2 ? values[piece] : piece));
  return t;
}
