"""Routes of the pages: the public portal, one's own pages, the staff desk, the demonstration."""

from django.urls import URLPattern, URLResolver, path

from kiban.web import downloads, identity, notices, operations, proving, session, sign_in, wizard
from kiban.web.admin import fields as admin_fields
from kiban.web.admin import imports as admin_imports
from kiban.web.admin import parameters as admin_parameters
from kiban.web.admin import places as admin_places
from kiban.web.admin import texts as admin_texts
from kiban.web.admin import webhooks as admin_webhooks
from kiban.web.demo import payments as demo_payments
from kiban.web.demo import views as demo
from kiban.web.desk import absence as desk_absence
from kiban.web.desk import bulk as desk_bulk
from kiban.web.desk import case as desk_case
from kiban.web.desk import export as desk_export
from kiban.web.desk import figures as desk_figures
from kiban.web.desk import inbox as desk
from kiban.web.desk import office as desk_office
from kiban.web.desk import own_effect as desk_effect
from kiban.web.desk import received as desk_received
from kiban.web.desk import registry as desk_registry
from kiban.web.desk import shared as desk_shared
from kiban.web.help import views as help_pages
from kiban.web.money import book as money_book
from kiban.web.money import days as money_days
from kiban.web.money import notify as money_notify
from kiban.web.money import online as money_online
from kiban.web.money import statements as money_statements
from kiban.web.public import changes, claim, my, notes, paying, portal, verifying

_PROCEDURE = "procedures/<slug:service>/<slug:procedure>/"
_DESK = "desk/<slug:body>/<slug:service>/"
_SETTINGS = _DESK + "settings/"
_MONEY = _DESK + "money/"
_CASE = "desk/<slug:body>/cases/<uuid:case>/"
_MINE = "my/cases/<slug:body>/<uuid:case>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", portal.home, name="home"),
    path("procedures/", portal.procedures, name="procedures"),
    path(_PROCEDURE, portal.procedure, name="procedure"),
    path(_PROCEDURE + "body/", portal.choose, name="procedure-choose"),
    path(_PROCEDURE + "body/<slug:body>/", portal.at_body, name="procedure-at-body"),
    path("bodies/", portal.body_search, name="bodies"),
    path("bodies/<slug:code>/", portal.body, name="body"),
    path("bodies/<slug:code>/notes/<slug:name>/", notes.of_body, name="body-note"),
    path("accessibility/", notes.accessibility, name="accessibility"),
    path("privacy/", notes.privacy, name="privacy"),
    path("terms/", notes.terms, name="terms"),
    path("contact/", notes.contact, name="contact"),
    path("help/", help_pages.home, name="help"),
    path("help/<slug:audience>/", help_pages.audience, name="help-audience"),
    path("help/" + _PROCEDURE, help_pages.procedure, name="help-procedure"),
    path("language/", session.language, name="language"),
    path("session/", session.session, name="session"),
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-in/link/<uuid:user>/<str:token>/", sign_in.use_link, name="sign-in-link"),
    path("sign-in/with/<slug:name>/", identity.start, name="sign-in-with"),
    path("sign-in/with/<slug:name>/done/", identity.done, name="sign-in-done"),
    path("sign-in/again/", proving.prove, name="sign-in-again"),
    path("sign-out/", identity.sign_out, name="sign-out"),
    path("apply/<slug:body>/<slug:service>/<slug:procedure>/", my.apply, name="apply"),
    path("drafts/<slug:body>/<uuid:draft>/delete/", my.discard, name="draft-delete"),
    path("drafts/<slug:body>/<uuid:draft>/<slug:step>/", wizard.draft, name="draft"),
    path("my/", my.my, name="my"),
    path("my/claim/<slug:body>/", claim.claim, name="my-claim"),
    path("my/notices/", notices.mine, name="my-notices"),
    path("my/notices/settings/", notices.my_settings, name="my-notices-settings"),
    path("notices/confirm/<str:token>/", notices.confirm, name="notices-confirm"),
    path(_MINE, my.case, name="my-case"),
    path(_MINE + "received/", my.received, name="my-case-received"),
    path(_MINE + "act/<slug:action>/", my.act, name="my-case-act"),
    path(_MINE + "documents/<uuid:document>/", downloads.my_document, name="my-case-document"),
    path(_MINE + "files/", my.case, name="my-case-files"),
    path(_MINE + "files/<slug:sha256>/", downloads.my_file, name="my-case-file"),
    path("changes/", changes.changes, name="changes"),
    path("bodies/<slug:code>/changes/", changes.changes, name="body-changes"),
    path("verify/", verifying.start, name="verify"),
    path("verify/<slug:body>/<slug:code>/", verifying.one, name="verify-document"),
    path("desk/", desk.desk, name="desk"),
    path(_CASE, desk_case.case, name="desk-case"),
    path(_CASE + "act/<slug:action>/", desk_case.act, name="desk-case-act"),
    path(_CASE + "received/", desk_received.received, name="desk-case-received"),
    path(_CASE + "office/<slug:act>/", desk_office.act, name="desk-case-office"),
    path(_CASE + "documents/<uuid:document>/", downloads.desk_document, name="desk-case-document"),
    path(_CASE + "files/", desk_case.case, name="desk-case-files"),
    path(_CASE + "files/<slug:sha256>/", downloads.desk_file, name="desk-case-file"),
    path("operations/", operations.work, name="operations"),
    path(_DESK, desk.inbox, name="desk-inbox"),
    path(_DESK + "cases.csv", desk_export.cases, name="desk-cases-csv"),
    path(_DESK + "absence/", desk_absence.absences, name="desk-absence"),
    path(_DESK + "many/", desk_bulk.many, name="desk-bulk"),
    path(_DESK + "many/<uuid:run>/", desk_bulk.run, name="desk-bulk-run"),
    path(_DESK + "shared/", desk_shared.shared, name="desk-shared"),
    path(_DESK + "notices/", notices.at_desk, name="desk-notices"),
    path(_DESK + "notices/settings/", notices.desk_settings, name="desk-notices-settings"),
    path(_DESK + "new/<slug:procedure>/", desk_case.new, name="desk-new"),
    path(_DESK + "figures/", desk_figures.figures, name="desk-figures"),
    path(_DESK + "registries/<slug:registry>/", desk_registry.registry, name="desk-registry"),
    path(_DESK + "registries/<slug:registry>/record/", desk_registry.record, name="desk-record"),
    path(_DESK + "effect/", desk_effect.page, name="desk-effect"),
    path(_DESK + "effect.csv", desk_effect.as_csv, name="desk-effect-csv"),
    path(_MONEY, money_book.ledger, name="money"),
    path(_MONEY + "collections.csv", money_book.as_file, {"kind": "csv"}, name="money-csv"),
    path(_MONEY + "collections.xlsx", money_book.as_file, {"kind": "xlsx"}, name="money-xlsx"),
    path(_MONEY + "standing/", money_book.standing, name="money-standing"),
    path(_MONEY + "days/", money_days.days, name="money-days"),
    path(_MONEY + "days/<slug:on>/", money_days.day, name="money-day"),
    path(_MONEY + "days/<slug:on>/sheet.pdf", money_days.sheet, name="money-sheet"),
    path(_MONEY + "statements/", money_statements.files, name="money-statements"),
    path(_MONEY + "statements/<uuid:statement>/", money_statements.statement, name="money-statement"),
    path(_MONEY + "statements/<uuid:statement>.csv", money_statements.as_csv, name="money-statement-csv"),
    path(_MONEY + "online/", money_online.online, name="money-online"),
    path("payments/notify/", money_notify.notify, name="payment-notify"),
    path(_MINE + "pay/<slug:charge>/", paying.pay, name="my-case-pay"),
    path(_MINE + "payments/<slug:reference>/", paying.payment, name="my-case-payment"),
    path(_MINE + "receipts/<int:seq>/<int:line>/", paying.receipt, name="my-case-receipt"),
    path("demo/payments/statements/<slug:body>.csv", demo_payments.statement, name="demo-statement"),
    path("demo/payments/<slug:reference>/", demo_payments.pay, name="demo-payment"),
    path(_CASE + "receipts/<int:seq>/<int:line>/", money_book.receipt, name="desk-case-receipt"),
    path(_SETTINGS, admin_parameters.parameters, name="settings"),
    path(_SETTINGS + "parameters/<slug:name>/", admin_parameters.parameter, name="settings-parameter"),
    path(_SETTINGS + "participation/", admin_places.joining, name="settings-participation"),
    path(_SETTINGS + "closed-days/", admin_places.closed_days, name="settings-closed-days"),
    path(_SETTINGS + "office/", admin_places.office, name="settings-office"),
    path(_SETTINGS + "texts/", admin_texts.texts, name="settings-texts"),
    path(_SETTINGS + "texts/<slug:name>/", admin_texts.texts, name="settings-text"),
    path(_SETTINGS + "people/", admin_places.persons, name="settings-people"),
    path(_SETTINGS + "fields/", admin_fields.fields, name="settings-fields"),
    path(_SETTINGS + "fields/<slug:form>/add/<slug:section>/", admin_fields.new, name="settings-field-new"),
    path(_SETTINGS + "fields/<slug:form>/<slug:name>/", admin_fields.one, name="settings-field"),
    path(_SETTINGS + "imports/", admin_imports.imports, name="settings-imports"),
    path(_SETTINGS + "imports/<uuid:upload>/", admin_imports.one, name="settings-import"),
    path(
        _SETTINGS + "imports/<uuid:upload>/corrections.xlsx",
        admin_imports.corrections,
        name="settings-import-corrections",
    ),
    path(_SETTINGS + "imports/<slug:name>.xlsx", admin_imports.blank, name="settings-import-blank"),
    path(_SETTINGS + "history/", admin_places.history, name="settings-history"),
    path(_SETTINGS + "webhooks/", admin_webhooks.all_of, name="settings-webhooks"),
    path(_SETTINGS + "webhooks/<uuid:subscription>/", admin_webhooks.one, name="settings-webhook"),
    path("demo/", demo.people, name="demo-people"),
    path("demo/sign-in/", demo.sign_in_as, name="demo-sign-in"),
    path("demo/clock/", demo.set_clock, name="demo-clock"),
]
