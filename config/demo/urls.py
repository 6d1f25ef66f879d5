from django.urls import path, re_path

from config.demo import views

app_name = "demo"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("mail.json", views.mail_json, name="json"),
    path("mail/<int:number>/", views.inbox, name="mail"),
    path("mail/<int:number>/body/", views.body, name="body"),
    re_path(
        r"^mail/(?P<number>\d+)/(?P<action>open|click|reply|bounce|out-of-office|unsubscribe)/?$",
        views.react,
        name="react",
    ),
]
