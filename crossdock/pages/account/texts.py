"""Every text of the pages below /account, in each language side by side. `{name}` is filled in."""

from collections.abc import Mapping

LANGUAGES = ("en", "de")

TEXTS: Mapping[str, tuple[str, str]] = {
    "home": ("Account", "Konto"),
    "dashboard": ("Dashboard", "Dashboard"),
    "people": ("People", "Personen"),
    "navigation": ("Pages", "Seiten"),
    "skip": ("Go to the content", "Zum Inhalt"),
    "sign_out": ("Sign out", "Abmelden"),
    "sign_in": ("Sign in", "Anmelden"),
    "save": ("Save", "Speichern"),
    "copy": ("Copy", "Kopieren"),
    "copied": ("Copied", "Kopiert"),
    "script.needed": ("This page needs JavaScript.", "Diese Seite braucht JavaScript."),
    "show": ("Show password", "Passwort anzeigen"),
    "hide": ("Hide password", "Passwort verbergen"),
    "email": ("E-mail", "E-Mail"),
    "name": ("Name", "Name"),
    "password": ("Password", "Passwort"),
    "password.new": ("New password", "Neues Passwort"),
    "password.current": ("Current password", "Bisheriges Passwort"),
    "password.own": ("Your password", "Ihr Passwort"),
    "password.hint": (
        "At least 12 characters. A few words that do not belong together are good.",
        "Mindestens 12 Zeichen. Gut sind ein paar Wörter, die nicht zusammengehören.",
    ),
    "strength.short": ("Too short: {missing} more", "Zu kurz: noch {missing}"),
    "strength.plain": ("Too plain: use more different characters", "Zu einfach: mehr verschiedene Zeichen"),
    "strength.fair": ("Good enough; longer is better", "Reicht aus; länger ist besser"),
    "strength.good": ("Good", "Gut"),
    "strength.strong": ("Very good", "Sehr gut"),
    "sign_in.title": ("Sign in", "Anmelden"),
    "sign_in.password": ("Sign in with a password", "Mit Passwort anmelden"),
    "sign_in.sso": ("Single sign-on", "Single Sign-on"),
    "sign_in.sso.text": (
        "Your organization signs you in at its own provider? Say your address there.",
        "Meldet Sie Ihre Organisation bei ihrem eigenen Anbieter an? Nennen Sie Ihre Adresse dort.",
    ),
    "sign_in.sso.find": ("Find the provider", "Anbieter suchen"),
    "sign_in.sso.choose": ("Where do you want to sign in?", "Wo möchten Sie sich anmelden?"),
    "sign_in.sso.go": ("Sign in to {name}", "Bei {name} anmelden"),
    "sign_in.sso.host": ("at {host}", "bei {host}"),
    "sign_in.lost": (
        "Password lost? Who runs this server can send you a new link (crossdock users reset-password).",
        "Passwort verloren? Wer den Server betreibt, gibt Ihnen einen neuen Link (crossdock users "
        "reset-password).",
    ),
    "code.title": ("The second factor", "Der zweite Faktor"),
    "code.lead": (
        "Enter the code that your app shows now.",
        "Geben Sie den Code ein, den Ihre App jetzt zeigt.",
    ),
    "code": ("Code", "Code"),
    "code.hint": ("Six digits; each works once", "Sechs Ziffern; jeder Code gilt einmal"),
    "code.go": ("Continue", "Weiter"),
    "code.lost": ("I don’t have my app here", "Ich habe meine App nicht hier"),
    "code.recovery": ("Recovery code", "Wiederherstellungscode"),
    "code.recovery.hint": (
        "One of the ten that you were shown when you set it up; each works once",
        "Einer der zehn, die beim Einrichten gezeigt wurden; jeder gilt einmal",
    ),
    "code.cancel": ("Not you? Sign out", "Sind das nicht Sie? Abmelden"),
    "first.title": ("Welcome to Crossdock", "Willkommen bei Crossdock"),
    "first.lead": ("Set a password for {email}.", "Setzen Sie ein Passwort für {email}."),
    "first.lead.plain": (
        "Set a password, and you are in.",
        "Setzen Sie ein Passwort, und schon sind Sie drin.",
    ),
    "first.go": ("Set the password and sign in", "Passwort setzen und anmelden"),
    "link.over.title": ("This link works no more", "Dieser Link gilt nicht mehr"),
    "first.over": (
        "It was used already, or its time is over. Sign in with your password, or ask who runs this "
        "server for another link.",
        "Er wurde schon benutzt, oder seine Zeit ist um. Melden Sie sich mit Ihrem Passwort an, oder "
        "lassen Sie sich von dem, der den Server betreibt, einen neuen geben.",
    ),
    "link.failed": (
        "The link could not be checked just now. Please load the page again.",
        "Der Link ließ sich gerade nicht prüfen. Bitte laden Sie die Seite neu.",
    ),
    "invitation.title": ("You are invited", "Sie sind eingeladen"),
    "invitation.lead": (
        "{organization} invites {email} ({role}).",
        "{organization} lädt {email} ein ({role}).",
    ),
    "invitation.lead.plain": ("Set a password to accept.", "Setzen Sie ein Passwort, um anzunehmen."),
    "invitation.as": ("You are signed in as {email}.", "Sie sind als {email} angemeldet."),
    "invitation.accept": ("Accept the invitation", "Einladung annehmen"),
    "invitation.new": ("Set a password and accept", "Passwort setzen und annehmen"),
    "invitation.have": ("I have an account: sign in", "Ich habe ein Konto: anmelden"),
    "invitation.leave": (
        "Sign out to accept as somebody else",
        "Abmelden, um als jemand anderes anzunehmen",
    ),
    "invitation.over": (
        "It was used, withdrawn, or its time is over. Ask who invited you for another.",
        "Sie wurde benutzt, zurückgezogen, oder ihre Zeit ist um. Lassen Sie sich neu einladen.",
    ),
    "done.name": ("Your name is changed.", "Ihr Name ist geändert."),
    "done.password": (
        "Your password is changed. Your other sessions have ended.",
        "Ihr Passwort ist geändert. Ihre anderen Sitzungen sind beendet.",
    ),
    "done.organization": (
        "You work in another organization now.",
        "Sie arbeiten jetzt in einer anderen Organisation.",
    ),
    "done.session": ("Ended.", "Beendet."),
    "done.factor_removed": ("The second factor is off.", "Der zweite Faktor ist aus."),
    "done.revoked": ("The invitation is withdrawn.", "Die Einladung ist zurückgezogen."),
    "done.role": ("The role is changed.", "Die Rolle ist geändert."),
    "done.removed": ("The member is removed.", "Das Mitglied ist entfernt."),
    "done.wanted": ("Saved.", "Gespeichert."),
    "home.greeting": ("Hello, {name}", "Guten Tag, {name}"),
    "home.in": ("{role} of {organization}", "{role} bei {organization}"),
    "home.nowhere": (
        "You are in no organization. Ask an owner for an invitation.",
        "Sie sind in keiner Organisation. Bitten Sie einen Inhaber um eine Einladung.",
    ),
    "home.here": ("What there is here", "Was es hier gibt"),
    "home.api": ("Every operation of the API (OpenAPI)", "Alle Operationen der API (OpenAPI)"),
    "home.demo": ("Try the Connect button", "Den Connect-Knopf ausprobieren"),
    "home.people": ("People of {organization}", "Personen bei {organization}"),
    "home.docs": (
        "Guides are in the folder docs of the source; crossdock --help lists every command.",
        "Anleitungen stehen im Ordner docs des Quelltexts; crossdock --help nennt jeden Befehl.",
    ),
    "missing.no_organization": (
        "You are a member of no organization here, or no longer.",
        "Sie sind hier in keiner Organisation, oder nicht mehr.",
    ),
    "missing.sign_on_required": (
        "{organization} is opened by single sign-on only.",
        "{organization} lässt sich nur mit Single Sign-on öffnen.",
    ),
    "missing.second_factor_wanted": (
        "{organization} wants a second factor of everybody. Set one up below, and you are in.",
        "{organization} verlangt von allen einen zweiten Faktor. Richten Sie ihn unten ein, und Sie "
        "sind drin.",
    ),
    "by_sign_on": (
        "You came in by single sign-on, which opens {organization} only. Password and second factor "
        "are your provider’s.",
        "Sie sind mit Single Sign-on hier; das öffnet nur {organization}. Passwort und zweiter Faktor"
        " sind Sache Ihres Anbieters.",
    ),
    "organizations": ("Organizations", "Organisationen"),
    "organizations.current": ("You are here", "Sie sind hier"),
    "organizations.switch": ("Switch", "Wechseln"),
    "organizations.switch.to": ("Switch to {name}", "Zu {name} wechseln"),
    "role.owner": ("Owner", "Inhaber"),
    "role.developer": ("Developer", "Entwickler"),
    "role.viewer": ("Viewer", "Betrachter"),
    "you": ("You", "Sie"),
    "password.title": ("Change the password", "Passwort ändern"),
    "password.change": ("Change the password", "Passwort ändern"),
    "factor": ("Second factor", "Zweiter Faktor"),
    "factor.off": (
        "Off. With it a stolen password opens nothing: each sign-in also wants a code of an app on "
        "your phone.",
        "Aus. Mit ihm öffnet ein gestohlenes Passwort nichts: Jede Anmeldung will auch einen Code "
        "einer App auf Ihrem Telefon.",
    ),
    "factor.on": ("On. Recovery codes left: {count}", "An. Übrige Wiederherstellungscodes: {count}"),
    "factor.begin": ("Set it up", "Einrichten"),
    "factor.scan": (
        "Scan this with an authenticator app, or type the key. It is shown this once.",
        "Scannen Sie das mit einer Authenticator-App, oder tippen Sie den Schlüssel ab. Er wird nur "
        "jetzt gezeigt.",
    ),
    "factor.picture": ("QR code for authenticator apps", "QR-Code für Authenticator-Apps"),
    "factor.key": ("Key", "Schlüssel"),
    "factor.open": ("Open in an app on this device", "In einer App auf diesem Gerät öffnen"),
    "factor.confirm": ("Switch it on", "Einschalten"),
    "factor.confirm.text": (
        "Then enter the code that the app shows.",
        "Geben Sie dann den Code ein, den die App zeigt.",
    ),
    "factor.again": (
        "What you scanned is still good. If you did not, begin anew.",
        "Was Sie gescannt haben, gilt weiter. Wenn nicht, beginnen Sie neu.",
    ),
    "factor.codes": ("Recovery codes", "Wiederherstellungscodes"),
    "factor.codes.text": (
        "Each lets you in once without the app. Keep them where your phone is not. They are shown this once.",
        "Jeder lässt Sie einmal ohne die App herein. Bewahren Sie sie nicht beim Telefon auf. Sie "
        "werden nur jetzt gezeigt.",
    ),
    "factor.codes.kept": ("I have kept them", "Ich habe sie aufbewahrt"),
    "factor.more": (
        "New recovery codes, or switch it off",
        "Neue Wiederherstellungscodes, oder ausschalten",
    ),
    "factor.renew": ("Make new recovery codes", "Neue Wiederherstellungscodes"),
    "factor.remove": ("Switch it off", "Ausschalten"),
    "code.any": ("Code of the app, or a recovery code", "Code der App oder ein Wiederherstellungscode"),
    "sessions": ("Sessions", "Sitzungen"),
    "sessions.current": ("This one", "Diese hier"),
    "sessions.last": ("last used", "zuletzt benutzt"),
    "sessions.end": ("End", "Beenden"),
    "sessions.end.named": ("End the session {agent}, {address}", "Sitzung {agent}, {address} beenden"),
    "sessions.end.others": ("End all others", "Alle anderen beenden"),
    "method.password": ("by password", "mit Passwort"),
    "method.link": ("by a link", "mit einem Link"),
    "method.sign_on": ("by single sign-on", "mit Single Sign-on"),
    "agent.unknown": ("Unknown program", "Unbekanntes Programm"),
    "people.title": ("People of {organization}", "Personen bei {organization}"),
    "people.alone": (
        "Nobody else is here yet. Invite somebody below.",
        "Außer Ihnen ist noch niemand hier. Laden Sie unten jemanden ein.",
    ),
    "people.members": ("Members", "Mitglieder"),
    "people.you": ("you", "Sie"),
    "people.factor": ("second factor", "zweiter Faktor"),
    "people.sso": ("by single sign-on", "mit Single Sign-on"),
    "people.disabled": ("disabled", "gesperrt"),
    "people.seen": ("signed in", "angemeldet"),
    "people.unseen": ("never signed in", "nie angemeldet"),
    "people.role": ("Role", "Rolle"),
    "people.role.of": ("Role of {name}", "Rolle von {name}"),
    "people.change": ("Change", "Ändern"),
    "people.remove": ("Remove …", "Entfernen …"),
    "people.remove.sure": (
        "{name} loses access to {organization} at once.",
        "{name} verliert sofort den Zugang zu {organization}.",
    ),
    "people.remove.go": ("Remove {name}", "{name} entfernen"),
    "people.invite": ("Invite somebody", "Jemanden einladen"),
    "people.invite.text": (
        "You get a link to hand on. It works once, and for this address only.",
        "Sie bekommen einen Link zum Weitergeben. Er gilt einmal, und nur für diese Adresse.",
    ),
    "people.invite.go": ("Make a link", "Link erstellen"),
    "people.link": ("The invitation’s link", "Der Link der Einladung"),
    "people.link.text": (
        "Send it to who is invited. It is shown this once.",
        "Schicken Sie ihn der eingeladenen Person. Er wird nur jetzt gezeigt.",
    ),
    "people.invitations": ("Open invitations", "Offene Einladungen"),
    "people.invitations.none": ("None.", "Keine."),
    "people.until": ("until", "bis"),
    "people.revoke": ("Withdraw", "Zurückziehen"),
    "people.revoke.named": ("Withdraw the invitation of {email}", "Einladung von {email} zurückziehen"),
    "people.wanted": ("Second factor for everybody", "Zweiter Faktor für alle"),
    "people.wanted.on": (
        "Everybody who comes in with a password has to show one.",
        "Alle, die mit Passwort kommen, müssen ihn zeigen.",
    ),
    "people.wanted.off": ("Everybody may do without.", "Alle dürfen ohne ihn auskommen."),
    "people.wanted.want": ("Want it of everybody", "Von allen verlangen"),
    "people.wanted.waive": ("Want it no longer", "Nicht mehr verlangen"),
    "role.owner.does": ("all, also people and sign-on", "alles, auch Personen und Anmeldung"),
    "role.developer.does": ("connections, webhooks, keys", "Verbindungen, Webhooks, Schlüssel"),
    "role.viewer.does": ("looks only", "sieht nur zu"),
    "fault.title": ("That did not work", "Das hat nicht geklappt"),
    "fault.back": ("Back to the account", "Zurück zum Konto"),
    "fault.fields": ("Please check what is marked.", "Bitte prüfen Sie, was markiert ist."),
    "fault.password": (
        "Take 12 to 256 characters, five of them different, and not your name or address.",
        "Nehmen Sie 12 bis 256 Zeichen, fünf davon verschieden, und nicht Ihren Namen oder Ihre Adresse.",
    ),
    "fault.name": ("At most 100 characters.", "Höchstens 100 Zeichen."),
    "fault.email": (
        "This does not look like an e-mail address.",
        "Das sieht nicht nach einer E-Mail-Adresse aus.",
    ),
    "fault.role": ("Choose one of the roles.", "Wählen Sie eine der Rollen."),
    "error.other": (
        "This did not work. Please go back and try again.",
        "Das hat nicht geklappt. Bitte gehen Sie zurück und versuchen Sie es noch einmal.",
    ),
    "error.not_found": ("This is not here, or no longer.", "Das gibt es hier nicht, oder nicht mehr."),
    "error.csrf": (
        "This form did not come from a page of ours, or the page was open for too long. Go back, load"
        " it again, and send it once more.",
        "Dieses Formular kam nicht von einer unserer Seiten, oder die Seite war zu lange offen. Gehen"
        " Sie zurück, laden Sie sie neu, und senden Sie es noch einmal.",
    ),
    "error.wrong_sign_in": (
        "The e-mail address or the password is wrong.",
        "Die E-Mail-Adresse oder das Passwort ist falsch.",
    ),
    "error.wrong_password": ("This is not your password.", "Das ist nicht Ihr Passwort."),
    "error.wrong_code": (
        "This code is wrong, or was used already. Wait for the next; is the phone’s clock right?",
        "Dieser Code ist falsch oder wurde schon benutzt. Warten Sie auf den nächsten; geht die Uhr "
        "des Telefons richtig?",
    ),
    "error.wait.seconds": (
        "Too many tries failed. The next may be made in {seconds} s.",
        "Zu viele Versuche sind fehlgeschlagen. Der nächste ist in {seconds} s möglich.",
    ),
    "error.wait.minutes": (
        "Too many tries failed. The next may be made in {minutes} minutes.",
        "Zu viele Versuche sind fehlgeschlagen. Der nächste ist in {minutes} Minuten möglich.",
    ),
    "error.link_over": (
        "This link was used already, or its time is over.",
        "Dieser Link wurde schon benutzt, oder seine Zeit ist um.",
    ),
    "error.invitation_over": (
        "This invitation was used, withdrawn, or its time is over.",
        "Diese Einladung wurde benutzt, zurückgezogen, oder ihre Zeit ist um.",
    ),
    "error.invitation_of_another": (
        "This invitation is for another address than the one you are signed in with.",
        "Diese Einladung ist für eine andere Adresse als die, mit der Sie angemeldet sind.",
    ),
    "error.sign_in_first": (
        "There is an account with this address. Sign in first, then accept.",
        "Mit dieser Adresse gibt es ein Konto. Melden Sie sich erst an, und nehmen Sie dann an.",
    ),
    "error.password_sign_in_wanted": (
        "You came in by single sign-on. Sign in with your password for this.",
        "Sie sind mit Single Sign-on hier. Melden Sie sich dafür mit Ihrem Passwort an.",
    ),
    "error.second_factor_exists": (
        "There is a second factor already.",
        "Es gibt schon einen zweiten Faktor.",
    ),
    "error.no_enrolment": (
        "Begin anew: nothing is being set up.",
        "Beginnen Sie neu: Es wird nichts eingerichtet.",
    ),
    "error.member_exists": ("This address is a member already.", "Diese Adresse ist schon Mitglied."),
    "error.last_owner": (
        "This is the last owner. Make somebody else one first.",
        "Das ist der letzte Inhaber. Machen Sie erst jemand anderen dazu.",
    ),
    "error.break_glass_owner": (
        "This owner comes in when single sign-on fails. Name another first.",
        "Dieser Inhaber kommt herein, wenn Single Sign-on versagt. Benennen Sie erst einen anderen.",
    ),
    "error.role_too_low": ("Only an owner may do this.", "Das darf nur ein Inhaber."),
    "error.no_organization": (
        "You are a member of no organization here, or no longer.",
        "Sie sind hier in keiner Organisation, oder nicht mehr.",
    ),
    "error.second_factor_wanted": (
        "This organization wants a second factor. Set one up first.",
        "Diese Organisation verlangt einen zweiten Faktor. Richten Sie erst einen ein.",
    ),
    "error.sign_on_required": (
        "This organization is opened by single sign-on only.",
        "Diese Organisation lässt sich nur mit Single Sign-on öffnen.",
    ),
    "error.no_sign_on": (
        "No organization here signs this address in at a provider of its own.",
        "Keine Organisation hier meldet diese Adresse bei einem eigenen Anbieter an.",
    ),
    "error.sso_over": (
        "This sign-on was used already, or took too long. Please begin again.",
        "Diese Anmeldung wurde schon benutzt oder dauerte zu lange. Bitte beginnen Sie neu.",
    ),
    "error.sso_other_browser": (
        "This sign-on was begun in another browser. Please begin again in this one.",
        "Diese Anmeldung wurde in einem anderen Browser begonnen. Bitte beginnen Sie in diesem neu.",
    ),
    "error.sso_failed": (
        "What your provider said of you could not be trusted. Please begin again, or tell an owner.",
        "Was Ihr Anbieter über Sie sagte, war nicht vertrauenswürdig. Beginnen Sie neu, oder sagen "
        "Sie es einem Inhaber.",
    ),
    "error.sso_refused": (
        "Your provider did not let you in.",
        "Ihr Anbieter hat Sie nicht hereingelassen.",
    ),
    "error.sso_provider_unreachable": (
        "Your provider does not answer now. Please try again in a moment.",
        "Ihr Anbieter antwortet gerade nicht. Bitte versuchen Sie es gleich noch einmal.",
    ),
    "error.email_unverified": (
        "Your provider does not say that your e-mail address is verified.",
        "Ihr Anbieter sagt nicht, dass Ihre E-Mail-Adresse bestätigt ist.",
    ),
    "error.domain_refused": (
        "Addresses of your domain may not come in here.",
        "Adressen Ihrer Domain dürfen hier nicht herein.",
    ),
    "error.not_a_member": (
        "You are no member here. Ask an owner for an invitation.",
        "Sie sind hier kein Mitglied. Bitten Sie einen Inhaber um eine Einladung.",
    ),
    "error.user_disabled": ("This account is disabled.", "Dieses Konto ist gesperrt."),
}
